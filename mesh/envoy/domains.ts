/**
 * The virtual host that Envoy picks for a Host header: the one of that very name, else that of the longest suffix such as `*.example.org`,
 * of the longest prefix such as `example.*`, and at last that of `*`. An asterisk stands for at least one character.
 *
 * @param hosts by domain in lower case.
 */
export function findDomain<T>(hosts: ReadonlyMap<string, T>, host: string): T | undefined {
  const exact = hosts.get(host);
  if (exact !== undefined) return exact;
  const longest = (matches: (domain: string) => boolean): string | undefined =>
    [...hosts.keys()].filter(matches).sort((a, b) => b.length - a.length)[0];
  const domain =
    longest(
      (one) => one.startsWith("*") && one.length > 1 && one.length <= host.length && host.endsWith(one.slice(1)),
    ) ??
    longest(
      (one) => one.endsWith("*") && one.length > 1 && one.length <= host.length && host.startsWith(one.slice(0, -1)),
    ) ??
    "*";
  return hosts.get(domain);
}
