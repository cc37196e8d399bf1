import { type Draw } from "../generate/draw";
import { type Mood } from "../generate/names";
import { withActions } from "./actions";
import { headerNames, methods, namespaces, rootNamespace, serviceNames } from "./names";
import { type ServiceObject } from "./service";

/** A Service that is there, or another. */
export function hostOf(
  draw: Draw,
  services: readonly ServiceObject[],
): { readonly name: string; readonly namespace: string } {
  return draw.maybe(services)?.metadata ?? { name: draw.pick(serviceNames), namespace: draw.pick(namespaces) };
}

/** A Service's name as it is written in an object of a namespace: short in its own, or in full. */
function writtenIn(
  draw: Draw,
  home: string,
  { name, namespace }: { readonly name: string; readonly namespace: string },
) {
  return home === namespace && draw.oneIn(2) ? name : `${name}.${namespace}.svc.cluster.local`;
}

function drawText(draw: Draw, texts: readonly [string, ...string[]]): Readonly<Record<string, string>> {
  return draw.pick<Readonly<Record<string, string>>>([
    { exact: draw.pick(texts) },
    { prefix: draw.pick(texts) },
    { regex: draw.pick(["/a.*", "/a/[0-9]+", ".*b", "v[12]", "/(a|b)", ".+", "/a.b"]) },
  ]);
}

/** What a rule asks of requests, and of who sends them. */
export function drawMatch(draw: Draw) {
  const match = {
    ...(!draw.oneIn(3) && { uri: drawText(draw, ["/a", "/a/b", "/", "/b", "/A"]) }),
    ...(draw.oneIn(10) && { ignoreUriCase: true }),
    ...(draw.oneIn(4) && { method: { exact: draw.pick(methods) } }),
    ...(draw.oneIn(4) && {
      headers: { [draw.pick(headerNames)]: draw.oneIn(6) ? {} : drawText(draw, ["v1", "v", "v2"]) },
    }),
    ...(draw.oneIn(10) && {
      withoutHeaders: { [draw.pick(headerNames)]: draw.oneIn(3) ? {} : drawText(draw, ["v1", "v"]) },
    }),
    ...(draw.oneIn(10) && { queryParams: { x: { exact: draw.pick(["1", "2"]) } } }),
    ...(draw.oneIn(10) && { sourceLabels: { app: draw.pick(serviceNames) } }),
    ...(draw.oneIn(12) && { sourceNamespace: draw.pick(namespaces) }),
    ...(draw.oneIn(12) && { port: draw.pick([80, 81]) }),
  };
  return Object.keys(match).length === 0 ? { uri: { prefix: "/" } } : match;
}

/** What a rule of a gateway asks of tokens, in the place of headers. */
export function drawClaims(draw: Draw): object {
  const claim = draw.pick([
    "@request.auth.claims.group",
    "@request.auth.claims[group]",
    "@Request.Auth.Claims[group]",
    "@request.auth.claims.realm.role",
    "@request.auth.claims[realm][role]",
    "@request.auth.claims[aud]",
  ]);
  const value = draw.pick<object>([
    { exact: "admin" },
    { exact: "dev" },
    { prefix: "" },
    { regex: ".*e.*" },
    { exact: "shop" },
  ]);
  return { [draw.oneIn(3) ? "withoutHeaders" : "headers"]: { [claim]: value } };
}

/** Where a VirtualService of a namespace sends requests. */
interface Destinations {
  readonly namespace: string;
  /** What half of the destinations are. */
  readonly root: { readonly name: string; readonly namespace: string };
  readonly services: readonly ServiceObject[];
}

/** One of the Services, as an object of the namespace writes it, its subsets and ports. */
function drawDestination(draw: Draw, mood: Mood, { namespace, root, services }: Destinations): object {
  const missing = mood === "wild" && draw.oneIn(6);
  const to = missing ? { name: "nowhere", namespace } : draw.oneIn(2) ? root : hostOf(draw, services);
  return {
    host: writtenIn(draw, namespace, to),
    ...(draw.oneIn(4) && { subset: draw.pick(["v1", "v2", ...(mood === "wild" ? ["v3"] : [])]) }),
    ...(draw.oneIn(4) && { port: { number: draw.pick([80, 81, 5000]) } }),
  };
}

/** One destination, or two with weights. */
export function drawShares(draw: Draw, mood: Mood, to: Destinations): readonly object[] {
  const count = draw.oneIn(3) ? 2 : 1;
  return Array.from({ length: count }, () => ({
    destination: drawDestination(draw, mood, to),
    ...(count > 1 && { weight: draw.pick([0, 1, 3, 50, 50, 90]) }),
  }));
}

/** What few requests do not meet. */
function drawWideMatch(draw: Draw): object {
  return draw.pick<object>([
    { uri: { prefix: "/" } },
    { uri: { prefix: "/a" }, ...(draw.oneIn(3) && { ignoreUriCase: true }) },
    { uri: { prefix: "/a/" } },
    { uri: { exact: "/a" } },
    { uri: { regex: "/a.*" } },
  ]);
}

/**
 * Rules for HTTP, the last of which may take everything.
 *
 * @param acting whether half of them do more than to lead on, and most take many requests: else few do.
 */
export function drawHttpRoutes(
  draw: Draw,
  mood: Mood,
  to: Destinations,
  acting: boolean,
  match: () => object = () => drawMatch(draw),
): readonly object[] {
  const routes = draw.integer(1, 3);
  const drawOne = (): object => (acting && !draw.oneIn(4) ? drawWideMatch(draw) : match());
  return Array.from({ length: routes }, (_, index) => {
    const rule = {
      ...(!(index === routes - 1 && draw.oneIn(2)) && { match: draw.list(1, draw.oneIn(4) ? 2 : 1, drawOne) }),
      route: drawShares(draw, mood, to),
    };
    return draw.oneIn(acting ? 2 : 8) ? withActions(draw, rule) : rule;
  });
}

/** Routes of a Service's callers. */
export function drawVirtualService(draw: Draw, mood: Mood, services: readonly ServiceObject[]) {
  const root = hostOf(draw, services);
  const namespace = draw.oneIn(6) ? draw.pick(namespaces) : root.namespace;
  const name = `v${String(draw.integer(1, 3))}`;
  const hosts = [writtenIn(draw, namespace, root)];
  const exportTo = draw.oneIn(15) ? { exportTo: draw.pick([["."], ["*"]]) } : {};
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name, namespace },
    spec: { hosts, ...exportTo, http: drawHttpRoutes(draw, mood, { namespace, root, services }, draw.oneIn(4)) },
  };
}

/** How callers speak to a Service. */
export function drawDestinationRule(draw: Draw, services: readonly ServiceObject[]) {
  const root = hostOf(draw, services);
  const namespace = draw.oneIn(4) ? draw.pick(namespaces) : root.namespace;
  const tls = (): object => ({ tls: { mode: draw.pick(["DISABLE", "ISTIO_MUTUAL", "ISTIO_MUTUAL"]) } });
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: `d${String(draw.integer(1, 3))}`, namespace },
    spec: {
      host: writtenIn(draw, namespace, root),
      ...(draw.oneIn(2) && { trafficPolicy: tls() }),
      ...(!draw.oneIn(3) && {
        subsets: ["v1", "v2"].map((version) => ({
          name: version,
          labels: { version },
          ...(draw.oneIn(8) && { trafficPolicy: tls() }),
        })),
      }),
    },
  };
}

/** What a namespace's sidecars know. */
export function drawSidecar(draw: Draw) {
  const hosts = [
    ["./*"],
    ["a/*"],
    ["b/*", "./*"],
    [`a/${draw.pick(serviceNames)}.a.svc.cluster.local`],
    ["~/*"],
    ["*/*"],
  ];
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "Sidecar",
    metadata: { name: "k", namespace: draw.oneIn(5) ? rootNamespace : draw.pick(namespaces) },
    spec: {
      egress: [{ hosts: draw.pick(hosts as [string[], ...string[][]]) }],
      ...(draw.oneIn(2) && { outboundTrafficPolicy: { mode: draw.pick(["REGISTRY_ONLY", "ALLOW_ANY"]) } }),
    },
  };
}

/** The mesh's own settings. */
export function drawMeshConfig(draw: Draw) {
  const lines = [
    ...(draw.oneIn(2) ? [`outboundTrafficPolicy: {mode: ${draw.pick(["REGISTRY_ONLY", "ALLOW_ANY"])}}`] : []),
    ...(draw.oneIn(2)
      ? [
          `pathNormalization: {normalization: ${draw.pick(["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"])}}`,
        ]
      : []),
    ...(draw.oneIn(6) ? ["enableAutoMtls: false"] : []),
  ];
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "istio", namespace: rootNamespace },
    data: { mesh: `${lines.join("\n")}\n` },
  };
}
