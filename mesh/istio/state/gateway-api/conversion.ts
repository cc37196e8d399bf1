import { keyOf } from "../../../cluster/keys";
import { type NamespaceState, type ServiceState } from "../../../cluster/workloads";
import { isSelected } from "../../../network-policies/selector";
import { oldestRoutesFirst } from "../age";
import { gatewayLabel, gatewayNames, ingressNamespace } from "../assumed-gateways";
import { type GatewayState } from "../gateways";
import { type Named } from "../named";
import { type ServiceEntryState } from "../service-entries";
import { type HttpRouteState, type VirtualServiceState } from "../virtual-services";
import { isAttachable, type Listener, refusal, type Refusal } from "./attachment";
import { refusalsOfRules } from "./rule-refusals";
import { type KubernetesGatewayState, type ListenerState } from "./gateway";
import { type ReferenceGrantState } from "./grants";
import { httpRoutes } from "./http-routes";
import { gatewayNameLabel, istioClass } from "./kinds";
import { meshRoutes } from "./mesh-routes";
import { type RouteState } from "./routes";
import { routeOrder } from "./route-order";

/** Objects of the Gateway API, and what they refer to. */
export interface GatewayApiObjects {
  readonly kubernetesGateways: ReadonlyMap<string, KubernetesGatewayState>;
  readonly kubernetesRoutes: ReadonlyMap<string, RouteState>;
  readonly referenceGrants: ReadonlyMap<string, ReferenceGrantState>;
  /** Names of GatewayClasses that are Istio's, beside its own. */
  readonly gatewayClasses: ReadonlySet<string>;
  readonly namespaces: ReadonlyMap<string, NamespaceState>;
  readonly services: ReadonlyMap<string, ServiceState>;
  readonly serviceEntries: ReadonlyMap<string, ServiceEntryState>;
}

/** What istiod makes of the Gateway API: objects of its own kinds, which nobody sees (pilot/pkg/config/kube/gateway). */
export interface FromGatewayApi {
  /** One for each listener. */
  readonly gateways: readonly GatewayState[];
  /** One for each listener and name, of all routes that have it, and for each Service that routes have for a parent. */
  readonly virtualServices: readonly VirtualServiceState[];
  /** Those for which istiod makes pods and a Service. */
  readonly managed: readonly KubernetesGatewayState[];
  /** What it does not take of routes. */
  readonly refusals: readonly Refusal[];
  /** Gateways that are not Istio's, or of which nothing shows the pods, and routes of such and of Gateways that no object shows. */
  readonly unfollowed: readonly Named[];
}

export function convertGatewayApi(objects: GatewayApiObjects): FromGatewayApi {
  const gateways = [...objects.kubernetesGateways.values()];
  const followed = new Map<string, readonly Listener[]>();
  for (const gateway of gateways) {
    const pods = isOfIstio(gateway, objects) ? podsOf(gateway, objects) : undefined;
    if (pods === undefined) continue;
    const listeners = gateway.listeners.filter(isServed).map((listener) => ({
      gateway,
      listener,
      state: gatewayState(gateway, listener, pods, objects),
    }));
    followed.set(keyOf(gateway.namespace, gateway.name), listeners);
  }
  const routes = oldestRoutesFirst([...objects.kubernetesRoutes.values()]);
  const { virtualServices, refusals, unfollowed } = attach(routes, followed, objects);
  const mesh = meshRoutes(routes, objects);
  return {
    gateways: [...followed.values()].flatMap((listeners) => listeners.map(({ state }) => state)),
    virtualServices: [...virtualServices, ...mesh.virtualServices],
    managed: gateways.filter(
      (gateway) => gateway.managed !== undefined && followed.has(keyOf(gateway.namespace, gateway.name)),
    ),
    refusals: [...refusals, ...mesh.refusals],
    unfollowed: [...gateways.filter(({ namespace, name }) => !followed.has(keyOf(namespace, name))), ...unfollowed],
  };
}

function isOfIstio({ className }: KubernetesGatewayState, { gatewayClasses }: GatewayApiObjects): boolean {
  return className === istioClass || gatewayClasses.has(className);
}

/** A listener for TLS that does not say which is not opened. */
function isServed({ protocol, tls }: ListenerState): boolean {
  return tls !== "none" || (protocol !== "HTTPS" && protocol !== "TLS");
}

/** Labels of the pods that serve a Gateway; undefined where nothing tells. Services of other namespaces do not count. */
function podsOf(
  { managed, namespace, name, addresses }: KubernetesGatewayState,
  { services }: GatewayApiObjects,
): GatewayState["selector"] | undefined {
  if (managed !== undefined) return { [gatewayNameLabel]: name };
  for (const address of addresses) {
    const [service = "", space = namespace] = address.split(".");
    if (space !== namespace) continue;
    const found = services.get(keyOf(namespace, service));
    if (found !== undefined) return found.selector;
    // Of the add-on's gateways no manifest has the Service.
    if (space === ingressNamespace && gatewayNames.has(service)) return { [gatewayLabel]: service };
  }
  return undefined;
}

function gatewayState(
  { object, namespace, name }: KubernetesGatewayState,
  { name: section, port, protocol, hostname, from, tls }: ListenerState,
  selector: GatewayState["selector"],
  { namespaces }: GatewayApiObjects,
): GatewayState {
  const host = hostname === "" ? "*" : hostname;
  const spaces =
    from === "Same"
      ? [namespace]
      : from === "All"
        ? ["*"]
        : [...namespaces.values()]
            .filter(
              (one) =>
                isSelected(from, {
                  labels: { ...one.labels, "kubernetes.io/metadata.name": one.name },
                  complete: true,
                }) === "yes",
            )
            .map((one) => one.name)
            .sort();
  return {
    object,
    namespace,
    name: `${name}~istio-autogenerated-k8s-gateway~${section}`,
    selector,
    podNamespace: namespace,
    servers: [
      {
        port,
        protocol,
        hosts: spaces.length === 0 ? [`~/${host}`] : spaces.map((space) => `${space}/${host}`),
        redirects: false,
        hasTls: tls !== "none",
        bind: "",
        kind: tls === "ended" ? "https" : tls === "none" && protocol === "HTTP" ? "http" : "other",
      },
    ],
  };
}

/** Routes of one listener and name, the oldest first. */
interface Merged {
  readonly first: RouteState;
  readonly gateway: GatewayState;
  readonly host: string;
  readonly http: HttpRouteState[];
}

function attach(
  routes: readonly RouteState[],
  followed: ReadonlyMap<string, readonly Listener[]>,
  objects: GatewayApiObjects,
): Pick<FromGatewayApi, "virtualServices" | "refusals" | "unfollowed"> {
  const merged = new Map<string, Merged>();
  const refusals: Refusal[] = [];
  const unfollowed: Named[] = [];
  for (const route of routes) {
    const parents = route.parents.filter(({ kind }) => kind === "Gateway");
    const known = parents.flatMap((parent) => {
      const listeners = followed.get(keyOf(parent.namespace, parent.name));
      return listeners === undefined ? [] : [{ parent, listeners }];
    });
    if (known.length < parents.length) unfollowed.push(route);
    if (known.length === 0) continue;
    const ofRules = refusalsOfRules(route, objects);
    refusals.push(...ofRules);
    if (ofRules.some(({ rule }) => rule === "route-not-taken")) continue;
    const isHttp = route.kind === "HTTPRoute" || route.kind === "GRPCRoute";
    const http = isHttp ? httpRoutes(route, objects.referenceGrants) : [];
    for (const { parent, listeners } of known) {
      const reasons = listeners.map((one) => refusal(route, parent, one));
      const own = listeners.filter((_, index) => reasons[index] === undefined);
      if (own.length === 0) {
        const reason = reasons.find((one) => one !== undefined && !one.isOtherListener) ?? reasons[0];
        if (reason !== undefined) refusals.push(reason);
        continue;
      }
      for (const listener of own) {
        for (const host of route.hostnames.length === 0 ? ["*"] : route.hostnames) {
          if (!isAttachable(host, listener, listeners)) continue;
          const key = `${listener.state.namespace}/${listener.state.name}/${host}`;
          const found = merged.get(key);
          if (found === undefined) merged.set(key, { first: route, gateway: listener.state, host, http: [...http] });
          else found.http.push(...http);
        }
      }
    }
  }
  return { virtualServices: Array.from(merged.values(), virtualService), refusals, unfollowed };
}

function virtualService({ first, gateway, host, http }: Merged): VirtualServiceState {
  const { object, namespace, name } = first;
  return {
    object,
    namespace,
    name,
    hosts: [host],
    gateways: [keyOf(gateway.namespace, gateway.name)],
    exportTo: [],
    http: [...http].sort(routeOrder),
    tls: [],
    tcp: [],
    semantics: "gateway-api",
  };
}
