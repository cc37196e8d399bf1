/** Whether a name, which may begin with `*`, stands for a host, or for all that another such name stands for. */
export function matchesHost(pattern: string, host: string): boolean {
  return pattern === host || pattern === "*" || (pattern.startsWith("*") && host.endsWith(pattern.slice(1)));
}

/** Orders names that take in a host: its own first, then the longer patterns. */
export function bySpecificity(host: string): (a: string, b: string) => number {
  return (a, b) => Number(b === host) - Number(a === host) || b.length - a.length;
}
