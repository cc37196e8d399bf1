import { type ServicePort } from "../analysis/mesh";
import { fullName } from "./proxy/hostnames";
import { chainKind } from "./proxy/outbound";
import { keyOf, type MeshService } from "./state";

const ports = new WeakMap<MeshService, ServicePort>();

/** A port of a Service as the analysis speaks of it. */
export function servicePort(service: MeshService): ServicePort {
  let found = ports.get(service);
  if (found === undefined) ports.set(service, (found = toServicePort(service)));
  return found;
}

function toServicePort(service: MeshService): ServicePort {
  const { namespace, name, port, targetPort, protocol } = service;
  const host = fullName(service);
  // A pod of a headless Service is called by its own name, and by that of all of them.
  const whole = fullName({ namespace, name: service.service.name });
  return {
    service: keyOf(namespace, service.service.name),
    namespace,
    name,
    host,
    port,
    targetPort,
    protocol,
    kind: chainKind(protocol),
    hosts: host === whole ? [host] : [host, whole],
  };
}
