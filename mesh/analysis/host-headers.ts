import { type ServicePort } from "./mesh";

/**
 * Host headers that a client may send when it calls a port by one of its Service's names, or by that of a host outside of the
 * cluster: with the port, and without it where it is the one of `http` or, by TLS, of `https`.
 *
 * @param callers `namespace/service account` each. The short name is left out where none of them is of the Service's own namespace: to
 * others it is another Service's. Default: callers of any namespace.
 */
export function hostHeaders(
  {
    service,
    name,
    namespace,
    host,
    port,
    tls,
  }: Pick<ServicePort, "service" | "name" | "namespace" | "host" | "port" | "tls">,
  callers?: readonly string[],
): readonly string[] {
  const isNear = callers === undefined || callers.some((caller) => caller.startsWith(`${namespace}/`));
  const full = `${name}.${namespace}`;
  const names = service === "" ? [host] : [`${full}.svc.cluster.local`, `${full}.svc`, full, ...(isNear ? [name] : [])];
  return names.flatMap((one) => [
    `${one}:${String(port)}`,
    ...(port === (tls === undefined ? httpPort : httpsPort) ? [one] : []),
  ]);
}

const httpPort = 80;
const httpsPort = 443;

/** Stands for every Host header that nobody names (RFC 2606 keeps the name free). */
export const unnamedHost = "unnamed.example";
