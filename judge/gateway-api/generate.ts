import type * as fc from "fast-check";
import { type KubernetesObject } from "../../mesh/manifests";
import { type Draw, drawn } from "../generate/draw";

/** Objects of the Gateway API, with the namespaces and Services that they speak of. */
export interface GatewayCase {
  readonly objects: readonly KubernetesObject[];
}

type Spec = Readonly<Record<string, unknown>>;

const group = "gateway.networking.k8s.io";
const apiVersion = `${group}/v1`;
const namespaces = ["edge", "shop", "web"] as const;
const gateways = ["g1", "g2"] as const;
const services = ["s1", "s2"] as const;
const hostnames = ["a.example", "b.example", "*.example", "x.a.example", "*.a.example", "c.other", "*.other"] as const;
const paths = ["/", "/a", "/a/", "/a/b", "/ab", "/a/b/c"] as const;
const methods = ["GET", "POST"] as const;
const routeKinds = ["HTTPRoute", "HTTPRoute", "HTTPRoute", "GRPCRoute"] as const;

/** Up to two Gateways with up to three listeners each, and up to four routes of these, of Services and of a ServiceEntry, with grants: names, namespaces, sections and backends that fit or do not. */
export function arbitraryGatewayCase(): fc.Arbitrary<GatewayCase> {
  return drawn((draw) => ({
    objects: [
      ...namespaces.map((name) => namespace(name)),
      made(apiVersion, "GatewayClass", undefined, "istio", { controllerName: "istio.io/gateway-controller" }),
      service("shop", "s1", 1),
      service("shop", "s2", 2),
      service("web", "s1", 3),
      service("edge", "s1", 4),
      made("networking.istio.io/v1", "ServiceEntry", "shop", "outside", {
        hosts: ["A.outside.example", "b.outside.example"],
        ports: [{ number: 80, name: "http", protocol: "HTTP" }],
        resolution: "DNS",
      }),
      ...gateways.slice(0, draw.integer(1, 2)).map((name) => gateway(draw, name)),
      ...draw.list(1, 4, () => draw.pick(routeKinds)).map((kind, index) => route(draw, kind, index)),
      ...(draw.oneIn(2) ? [grant(draw)] : []),
    ],
  }));
}

function made(
  version: string,
  kind: string,
  space: string | undefined,
  name: string,
  spec: Spec,
  creationTimestamp?: string,
): KubernetesObject {
  return {
    apiVersion: version,
    kind,
    metadata: {
      name,
      ...(space !== undefined && { namespace: space }),
      ...(creationTimestamp && { creationTimestamp }),
    },
    ...{ spec },
  };
}

function namespace(name: (typeof namespaces)[number]): KubernetesObject {
  const labels = { "kubernetes.io/metadata.name": name, ...(name === "shop" && { team: "a" }) };
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

function service(space: string, name: string, number: number): KubernetesObject {
  return made("v1", "Service", space, name, {
    clusterIP: `10.0.0.${String(number)}`,
    selector: { app: name },
    ports: [{ name: "http", port: 80 }],
  });
}

function gateway(draw: Draw, name: string): KubernetesObject {
  const listeners = new Map<string, Spec>();
  for (const listener of draw.list(1, 3, () => draw.pick(["HTTP", "HTTP", "HTTP", "HTTPS", "TCP"]))) {
    const port = listener === "HTTPS" ? 443 : listener === "TCP" ? 9000 : draw.pick([80, 80, 8080]);
    const hostname = listener === "TCP" || draw.oneIn(3) ? undefined : draw.pick(hostnames);
    const key = `${listener} ${String(port)} ${hostname ?? ""}`;
    // The API server lets no two be alike in these.
    if (listeners.has(key)) continue;
    listeners.set(key, {
      name: `l${String(listeners.size)}`,
      protocol: listener,
      port,
      ...(hostname !== undefined && { hostname }),
      ...(listener === "HTTPS" && !draw.oneIn(5) && { tls: { mode: "Terminate", options: plainTls } }),
      ...allowedRoutes(draw),
    });
  }
  const gatewayClassName = draw.oneIn(20) ? "nginx" : "istio";
  return made(apiVersion, "Gateway", "edge", name, { gatewayClassName, listeners: [...listeners.values()] });
}

/** Ends TLS without a Secret. */
const plainTls = { "gateway.istio.io/tls-terminate-mode": "ISTIO_SIMPLE" };

function allowedRoutes(draw: Draw): Spec {
  const from = draw.pick(["All", "All", "Same", "Selector", undefined]);
  const kinds = draw.oneIn(7) ? [{ group, kind: draw.pick(routeKinds) }] : undefined;
  if (from === undefined && kinds === undefined) return {};
  const selector = draw.pick<Spec>([
    { matchLabels: { team: "a" } },
    { matchLabels: { team: "none" } },
    { matchExpressions: [{ key: "team", operator: "DoesNotExist" }] },
  ]);
  return {
    allowedRoutes: {
      ...(from !== undefined && { namespaces: from === "Selector" ? { from, selector } : { from } }),
      ...(kinds && { kinds }),
    },
  };
}

function route(draw: Draw, kind: (typeof routeKinds)[number], index: number): KubernetesObject {
  const spec = {
    parentRefs: draw.list(1, draw.oneIn(5) ? 2 : 1, () => (draw.oneIn(3) ? meshParent(draw) : gatewayParent(draw))),
    ...(!draw.oneIn(4) && { hostnames: [...new Set(draw.list(1, 2, () => draw.pick(hostnames)))] }),
    rules: draw.list(1, 3, () => (kind === "HTTPRoute" ? httpRule(draw) : grpcRule(draw))),
  };
  const day = String(draw.integer(1, 5));
  return made(apiVersion, kind, draw.pick(namespaces), `r${String(index)}`, spec, `2026-01-0${day}T00:00:00Z`);
}

function gatewayParent(draw: Draw): Spec {
  return {
    name: draw.pick(["g1", "g1", "g2"]),
    namespace: "edge",
    ...(draw.oneIn(3) && { sectionName: draw.pick(["l0", "l1", "l9"]) }),
    ...(draw.oneIn(7) && { port: draw.pick([80, 443, 8080]) }),
  };
}

/** A Service or a ServiceEntry, whose calls sidecars route. */
function meshParent(draw: Draw): Spec {
  const isEntry = draw.oneIn(5);
  return {
    ...(isEntry ? { group: "networking.istio.io", kind: "ServiceEntry" } : { group: "", kind: "Service" }),
    name: draw.oneIn(12) ? "nobody" : isEntry ? "outside" : draw.pick(services),
    ...(draw.oneIn(2) && { namespace: draw.pick(namespaces) }),
    ...(draw.oneIn(4) && { port: draw.pick([80, 8080]) }),
  };
}

function httpRule(draw: Draw): Spec {
  const filter = draw.pick<Spec>([
    { type: "RequestRedirect", requestRedirect: { hostname: "z.example", statusCode: draw.pick([301, 302]) } },
    { type: "URLRewrite", urlRewrite: rewrite(draw) },
    { type: "ExtensionRef", extensionRef: { group: "z.example", kind: "Other", name: "other" } },
    { type: "RequestHeaderModifier", requestHeaderModifier: headerOperations(draw) },
  ]);
  return {
    ...(!draw.oneIn(5) && { matches: draw.list(1, 2, () => httpMatch(draw)) }),
    ...(draw.oneIn(5) && { filters: [filter] }),
    ...(!draw.oneIn(10) && { backendRefs: draw.list(0, 2, () => backend(draw)) }),
  };
}

function rewrite(draw: Draw): Spec {
  const path = draw.oneIn(2)
    ? { type: "ReplaceFullPath", replaceFullPath: draw.pick(["/", "/b", "/b/c"]) }
    : { type: "ReplacePrefixMatch", replacePrefixMatch: draw.pick(["/", "/b", "/b/", ""]) };
  const kinds = draw.pick(["path", "host", "both"]);
  return { ...(kinds !== "host" && { path }), ...(kinds !== "path" && { hostname: "z.example" }) };
}

function headerOperations(draw: Draw): Spec {
  const values = (): readonly Spec[] =>
    draw.some(["x-a", "X-B", "Host"]).map((name) => ({ name, value: draw.pick(["1", "2"]) }));
  return {
    ...(draw.oneIn(2) && { set: values() }),
    ...(draw.oneIn(2) && { add: values() }),
    ...(draw.oneIn(2) && { remove: draw.some(["x-a", "X-B"]) }),
  };
}

function httpMatch(draw: Draw): Spec {
  const type = draw.pick(["PathPrefix", "PathPrefix", "Exact", "RegularExpression"]);
  return {
    path: { type, value: draw.pick(paths) },
    ...(draw.oneIn(3) && { method: draw.pick(methods) }),
    ...(draw.oneIn(3) && { headers: draw.some(["x-a", "x-b"]).map((name) => value(draw, name)) }),
    ...(draw.oneIn(5) && { queryParams: [value(draw, "q")] }),
  };
}

function value(draw: Draw, name: string): Spec {
  return { name, value: draw.pick(["1", "2"]), ...(draw.oneIn(3) && { type: "RegularExpression" }) };
}

function grpcRule(draw: Draw): Spec {
  const method = draw.pick<Spec>([{ service: "a.B" }, { method: "Get" }, { service: "a.B", method: "Get" }]);
  const match = {
    ...(!draw.oneIn(5) && { method: { ...method, ...(draw.oneIn(3) && { type: "RegularExpression" }) } }),
    ...(draw.oneIn(3) && { headers: [value(draw, "x-a")] }),
  };
  return {
    ...(!draw.oneIn(5) && { matches: [match] }),
    ...(!draw.oneIn(10) && { backendRefs: draw.list(0, 2, () => backend(draw)) }),
  };
}

function backend(draw: Draw): Spec {
  const filter = draw.pick<Spec>([
    { type: "RequestHeaderModifier", requestHeaderModifier: headerOperations(draw) },
    { type: "URLRewrite", urlRewrite: { hostname: "z.example" } },
  ]);
  return {
    name: draw.oneIn(30) ? "s1.shop" : draw.oneIn(12) ? "nobody" : draw.pick(services),
    ...(draw.oneIn(4) && { namespace: draw.pick(namespaces) }),
    ...(!draw.oneIn(30) && { port: 80 }),
    ...(draw.oneIn(3) && { weight: draw.pick([0, 1, 5]) }),
    ...(draw.oneIn(25) && { group: "z.example", kind: "Bucket" }),
    ...(draw.oneIn(25) && { filters: [filter] }),
  };
}

function grant(draw: Draw): KubernetesObject {
  const named = draw.oneIn(3) ? { name: draw.pick(services) } : {};
  return made(`${group}/v1beta1`, "ReferenceGrant", draw.pick(namespaces), "grant", {
    from: [{ group, kind: draw.pick(routeKinds), namespace: draw.pick(namespaces) }],
    to: [{ group: "", kind: "Service", ...named }],
  });
}
