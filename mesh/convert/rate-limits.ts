import { bucketOf } from "../analysis/call-limits";
import { type AccountKey, keyOf } from "../cluster/keys";
import { selects } from "../cluster/selectors";
import { type EnvoyFilter, istioKinds } from "../istio/kinds";
import { type RatedPort, type RatedRequests, rateSpec } from "../istio/rate-limits";
import { type OsmMesh } from "../osm";
import { type UpstreamTrafficSetting } from "../osm/kinds";
import { fullName } from "../osm/proxy/hostnames";
import { chainKind } from "../osm/proxy/outbound";
import { accountOfPod, backendTargetPort, type MeshService, type ServiceState } from "../osm/state";
import { type HttpLocalRateLimit } from "../policy/settings";
import { adviceOf, type Refusal } from "./routing";
import { type Selectors } from "./selectors";

type Setting = Pick<UpstreamTrafficSetting["spec"], "rateLimit" | "httpRoutes">;

/** Status of what is over a rate that names none, as Open Service Mesh has it. */
const defaultStatus = 429;

function hasRate({ rateLimit, httpRoutes = [] }: Setting): boolean {
  return rateLimit !== undefined || httpRoutes.some((route) => route.rateLimit !== undefined);
}

/** What is said of rates where nobody allows EnvoyFilters. */
export function rateRefusals({ state }: OsmMesh): readonly Refusal[] {
  return state.settings.flatMap(({ object, namespace, name }) =>
    hasRate(Reflect.get(object, "spec") as Setting)
      ? [{ place: `UpstreamTrafficSetting ${namespace}/${name}`, text: needsEnvoyFilter }]
      : [],
  );
}

const needsEnvoyFilter =
  "Istio has no object for rates, and takes an EnvoyFilter, which AKS allows and does not support: allow it, istio.allowEnvoyFilter in a stack's definition and --allow-envoy-filter of aks-mesh convert, or limit in the application and take the rate out here";

/**
 * EnvoyFilters for the rates of OSM's UpstreamTrafficSettings, one for the pods of each account. A sidecar counts requests by the name that is called, as
 * OSM's do, and connections by the port: Istio has one filter chain for all Services that lead there.
 */
export function rateLimits(mesh: OsmMesh, selectors: Selectors, refused: Refusal[]): readonly EnvoyFilter[] {
  const byAccount = new Map<AccountKey, Map<number, RatedPort>>();
  for (const { object, namespace, name, host } of mesh.state.settings) {
    const setting = Reflect.get(object, "spec") as Setting;
    const service = [...mesh.state.services.values()].find(
      (one) => one.namespace === namespace && fullName(one) === host,
    );
    if (!hasRate(setting) || service === undefined) continue;
    const place = `UpstreamTrafficSetting ${namespace}/${name}`;
    for (const { port, isGrpc, isHttp, accounts } of answering(mesh, service)) {
      const connections = connectionsOf(setting);
      const other = connections && otherService(mesh, service, port);
      if (other !== undefined) {
        refused.push({
          place,
          text: `${other} leads to the same port ${String(port)} of the same pods, and Istio's sidecars do not tell connections apart by the Service: limit requests, or give it a port of its own`,
        });
        continue;
      }
      for (const account of accounts) {
        const ports = byAccount.get(account) ?? new Map<number, RatedPort>();
        byAccount.set(account, ports);
        const known = ports.get(port);
        ports.set(port, {
          ...{ port, isGrpc },
          connections: connections ?? known?.connections,
          requests: [...(known?.requests ?? []), ...(isHttp ? requestsOf(setting, service) : [])],
        });
      }
    }
  }
  return [...byAccount].flatMap(([account, ports]) => filtersOf(account, [...ports.values()], selectors, refused));
}

function filtersOf(
  account: AccountKey,
  ports: readonly RatedPort[],
  selectors: Selectors,
  refused: Refusal[],
): readonly EnvoyFilter[] {
  const [namespace = "", name = ""] = account.split("/");
  const bounded = ports.filter(({ connections, requests }) => connections !== undefined || requests.length > 0);
  const labels = selectors(account);
  if (labels === undefined) {
    refused.push({
      place: `service account ${account}`,
      text: `no label set selects its pods and no others, which a rate is for: ${adviceOf(account)}`,
    });
  }
  if (bounded.length === 0) return [];
  return (labels ?? []).map((own, index) => ({
    apiVersion: istioKinds.EnvoyFilter.apiVersion,
    kind: "EnvoyFilter",
    metadata: { name: index === 0 ? `rate-${name}` : `rate-${name}-${String(index + 1)}`, namespace },
    spec: rateSpec(own, bounded),
  }));
}

/** Ports of pods that a Service's calls come to, its own and those of its backends, and whose pods they are. */
interface Answering {
  readonly port: number;
  readonly isHttp: boolean;
  readonly isGrpc: boolean;
  readonly accounts: ReadonlySet<AccountKey>;
}

function answering(mesh: OsmMesh, service: ServiceState): readonly Answering[] {
  return mesh.catalog.meshServicesOf(service).flatMap((one) => {
    const backends = mesh.catalog.splitsOfRoot(one).flatMap(({ namespace, backends: all }) =>
      all.flatMap(({ service: name }): [ServiceState, number][] => {
        const backend = mesh.state.services.get(keyOf(namespace, name));
        const port = backendTargetPort(mesh.catalog, namespace, name, one.port);
        return backend === undefined || port === undefined ? [] : [[backend, port]];
      }),
    );
    const accounts = new Map<number, Set<AccountKey>>();
    for (const [to, port] of [[service, one.targetPort] as const, ...backends]) {
      const known = accounts.get(port) ?? new Set();
      accounts.set(port, known);
      for (const pod of podsBehind(mesh, to)) known.add(accountOfPod(pod));
    }
    return Array.from(accounts, ([port, ofPort]) => ({
      port,
      isHttp: chainKind(one.protocol) === "http",
      isGrpc: one.protocol.toLowerCase() === "grpc",
      accounts: ofPort,
    }));
  });
}

function podsBehind(mesh: OsmMesh, { namespace, selector }: ServiceState) {
  return mesh.state.pods.filter((pod) => pod.namespace === namespace && selects(selector, pod));
}

/** Another Service that leads to the same port of the same pods. */
function otherService(mesh: OsmMesh, service: ServiceState, port: number): string | undefined {
  const own = new Set(podsBehind(mesh, service));
  const isOther = (one: MeshService): boolean =>
    one.service !== service && one.targetPort === port && podsBehind(mesh, one.service).some((pod) => own.has(pod));
  const found = mesh.catalog.allMeshServices().find(isOther);
  return found && `Service ${keyOf(found.namespace, found.service.name)}`;
}

function connectionsOf({ rateLimit }: Setting): RatedPort["connections"] {
  const tcp = rateLimit?.local?.tcp;
  return bucketOf(tcp?.connections, tcp?.unit, tcp?.burst);
}

/** Of routes first: they take the place of the Service's rate. */
function requestsOf(
  { rateLimit, httpRoutes = [] }: Setting,
  { namespace, name }: ServiceState,
): readonly RatedRequests[] {
  const service = keyOf(namespace, name);
  const rated = (limit: HttpLocalRateLimit | undefined, path: string | undefined): readonly RatedRequests[] => {
    const bucket = bucketOf(limit?.requests, limit?.unit, limit?.burst);
    if (bucket === undefined) return [];
    const { responseStatusCode: status = defaultStatus, responseHeadersToAdd: headers = [] } = limit ?? {};
    return [{ service, path, bucket: { ...bucket, status }, headers }];
  };
  return [
    ...httpRoutes.flatMap(({ path, rateLimit: own }) => rated(own?.local, path)),
    ...rated(rateLimit?.local?.http, undefined),
  ];
}
