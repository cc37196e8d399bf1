import type { V1Service } from "@kubernetes/client-node";
import type { ApiClient } from "../api-client";

/** Where addresses come from: a range for documentation for public ones, AKS's default node network for internal ones. */
const PUBLIC_PREFIX = "203.0.113.";
const INTERNAL_PREFIX = "10.224.255.";
const HOSTS = Array.from({ length: 254 }, (_, index) => index + 1);

const INTERNAL_ANNOTATION = "service.beta.kubernetes.io/azure-load-balancer-internal";
const ADDRESS_ANNOTATION = "service.beta.kubernetes.io/azure-load-balancer-ipv4";

/** A Service whose load balancer's address has to change. */
export interface AddressChange {
  readonly service: V1Service;
  /** None: the Service is no longer of type LoadBalancer. */
  readonly address: string | undefined;
}

/**
 * What Azure's cloud controller would do to these Services: each of type LoadBalancer gets an address, which it keeps, and one that no
 * longer is loses it. Nothing listens there. Services with a loadBalancerClass belong to another controller.
 */
export function addressChanges(services: readonly V1Service[]): AddressChange[] {
  const taken = new Set(services.flatMap((service) => addressOf(service) ?? []));
  return services.flatMap((service): AddressChange[] => {
    const { spec, metadata } = service;
    if (metadata?.deletionTimestamp !== undefined || spec?.loadBalancerClass !== undefined) return [];
    const current = addressOf(service);
    if (spec?.type !== "LoadBalancer") return current === undefined ? [] : [{ service, address: undefined }];
    const prefix = metadata?.annotations?.[INTERNAL_ANNOTATION] === "true" ? INTERNAL_PREFIX : PUBLIC_PREFIX;
    const asked = metadata?.annotations?.[ADDRESS_ANNOTATION] ?? spec.loadBalancerIP;
    const keeps = asked === undefined ? current?.startsWith(prefix) : current === asked;
    if (keeps) return [];
    const address = asked ?? HOSTS.map((host) => `${prefix}${host}`).find((candidate) => !taken.has(candidate));
    if (address === undefined) return [];
    taken.add(address);
    return [{ service, address }];
  });
}

function addressOf(service: V1Service): string | undefined {
  return service.status?.loadBalancer?.ingress?.[0]?.ip;
}

/** Writes the changes into the Services' statuses. */
export async function balanceServices(api: ApiClient, services: readonly V1Service[]): Promise<void> {
  for (const { service, address } of addressChanges(services)) {
    const { namespace = "", name = "" } = service.metadata ?? {};
    const ingress = address === undefined ? null : [{ ip: address, ipMode: "VIP" }];
    await api.mergePatch(`/api/v1/namespaces/${namespace}/services/${name}/status`, {
      status: { loadBalancer: { ingress } },
    });
  }
}
