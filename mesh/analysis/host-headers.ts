import { type ServicePort } from "./mesh";

/**
 * Host headers that a client may send when it calls a port by one of its Service's names, or by that of a host outside of the
 * cluster: with the port, and without it where it is the one of `http` or, by TLS, of `https`. The short name is among them, by which only callers of
 * the Service's own namespace reach it.
 */
export function hostHeaders({
  service,
  name,
  namespace,
  host,
  port,
  tls,
}: Pick<ServicePort, "service" | "name" | "namespace" | "host" | "port" | "tls">): readonly string[] {
  const full = `${name}.${namespace}`;
  const names = service === "" ? [host] : [`${full}.svc.cluster.local`, `${full}.svc`, full, name];
  return names.flatMap((one) => [
    `${one}:${String(port)}`,
    ...(port === (tls === undefined ? httpPort : httpsPort) ? [one] : []),
  ]);
}

const httpPort = 80;
const httpsPort = 443;
