/** How addresses of sockets begin. */
const scheme = "unix://";

/** The file of a socket's address: absolute, or `@` and a name for one without a file; undefined where it is no socket's. */
export function socketPath(address: string): string | undefined {
  return address.startsWith(scheme) ? address.slice(scheme.length) : undefined;
}

/** Whether istiod takes the file of a socket (pkg/config/validation, ValidateUnixAddress). */
export function isSocketPath(path: string): boolean {
  return path.startsWith("@") || (path.startsWith("/") && !path.endsWith("/"));
}
