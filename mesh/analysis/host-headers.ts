import { type ServicePort } from "./mesh";

/**
 * Host headers that a client may send when it calls a port by one of its Service's names, or by that of a host outside of the
 * cluster: with the port, and without it where it is the one of `http`. The short name is among them, by which only callers of
 * the Service's own namespace reach it.
 */
export function hostHeaders({
  service,
  name,
  namespace,
  host,
  port,
}: Pick<ServicePort, "service" | "name" | "namespace" | "host" | "port">): readonly string[] {
  const full = `${name}.${namespace}`;
  const names = service === "" ? [host] : [`${full}.svc.cluster.local`, `${full}.svc`, full, name];
  return names.flatMap((one) => [`${one}:${String(port)}`, ...(port === httpPort ? [one] : [])]);
}

const httpPort = 80;
