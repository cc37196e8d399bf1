import { type Labels } from "../../../cluster/workloads";

/** API group of the Gateway API, which istiod reads where its kinds are installed. */
export const gatewayApiGroup = "gateway.networking.k8s.io";

/** Kinds of routes. */
export const routeKinds = ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"] as const;

export type RouteKind = (typeof routeKinds)[number];

export function isRouteKind(kind: string): kind is RouteKind {
  const kinds: readonly string[] = routeKinds;
  return kinds.includes(kind);
}

/** Kinds that change what istiod makes of the others, and that are not read. */
export const unreadGatewayKinds: ReadonlySet<string> = new Set(["ListenerSet", "BackendTLSPolicy"]);

/** Kinds by which istiod makes gateways and routes. */
export const gatewayApiKinds: ReadonlySet<string> = new Set([
  "Gateway",
  "GatewayClass",
  "ReferenceGrant",
  ...routeKinds,
  ...unreadGatewayKinds,
]);

/** What istiod calls itself among those who make gateways, and the class that it has for them by itself. */
export const istioController = "istio.io/gateway-controller";
export const istioClass = "istio";

/** Labels of the pods that istiod makes for a Gateway. */
export const gatewayNameLabel = "gateway.networking.k8s.io/gateway-name";
export const managedLabel = { name: "gateway.istio.io/managed", value: "istio.io-gateway-controller" } as const;

/** Whether a pod is one of those. */
export function isManagedGateway(labels: Labels): boolean {
  return labels[managedLabel.name] === managedLabel.value;
}
