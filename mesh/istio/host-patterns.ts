/** Whether a name, which may begin with `*`, stands for a host, or for all that another such name stands for. */
export function matchesHost(pattern: string, host: string): boolean {
  return pattern === host || pattern === "*" || (pattern.startsWith("*") && host.endsWith(pattern.slice(1)));
}
