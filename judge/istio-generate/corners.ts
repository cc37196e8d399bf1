import { isJsonObject, type JsonObject } from "../../mesh/manifests";
import { listAt, numberAt, textAt } from "../../mesh/manifests/inside";
import { type Draw } from "../generate/draw";
import { namespaces, ports, serviceNames } from "./names";

/** Gives objects what few have: patterns for hosts, readers, rules for connections, ports of their own, selectors of callers. */
export function withCorners(draw: Draw, objects: readonly unknown[]): readonly unknown[] {
  const cornered = cornersOf(draw, objects);
  return cornered.map((object) =>
    isJsonObject(object) && object["kind"] === "Sidecar" ? withProtocols(object, cornered) : object,
  );
}

/** Listeners of Sidecars take calls as the Services' ports of their number would have them: what else they do is not followed. */
function withProtocols(sidecar: JsonObject, objects: readonly unknown[]): JsonObject {
  const ports = objects
    .filter((one) => ["Service", "ServiceEntry"].includes(textAt(one, "kind") ?? ""))
    .flatMap((one) => listAt(one, "spec", "ports"));
  const protocolOfPort = (port: unknown): string | undefined => {
    const said = textAt(port, "appProtocol") ?? textAt(port, "protocol") ?? textAt(port, "name") ?? "";
    return /^(tcp|tls|https|mongo|redis|mysql)/i.test(said) ? "TCP" : /^(http|grpc)/i.test(said) ? "HTTP" : undefined;
  };
  const egress = listAt(sidecar, "spec", "egress").map((listener) => {
    if (!isJsonObject(listener) || !isJsonObject(listener["port"])) return listener;
    const { port, ...rest } = listener;
    const [protocol, ...others] = ports.filter((one) => numberOf(one) === numberOf(port)).map(protocolOfPort);
    if (protocol === undefined || others.some((other) => other !== protocol)) return rest;
    return { ...listener, port: { ...port, protocol } };
  });
  return { ...sidecar, spec: { ...specOf(sidecar), egress } };
}

function numberOf(port: unknown): number | undefined {
  return numberAt(port, "port") ?? numberAt(port, "number");
}

function cornersOf(draw: Draw, objects: readonly unknown[]): readonly unknown[] {
  return objects.flatMap((object): readonly unknown[] => {
    if (!isJsonObject(object)) return [object];
    const kind = textAt(object, "kind") ?? "";
    const cornered = { ...object, spec: corners[kind]?.(draw, specOf(object)) ?? object["spec"] };
    return kind === "VirtualService" && draw.oneIn(2) ? [cornered, forPattern(draw, cornered)] : [cornered];
  });
}

/** A VirtualService beside another, for many hosts. */
function forPattern(draw: Draw, other: JsonObject): JsonObject {
  const { metadata } = other;
  return {
    ...other,
    metadata: { ...(isJsonObject(metadata) && metadata), name: `${textAt(other, "metadata", "name") ?? ""}-pattern` },
    spec: {
      hosts: [drawPattern(draw)],
      http: [{ route: [{ destination: { host: drawName(draw) } }] }],
      ...(draw.oneIn(2) && { tcp: [drawTcpRule(draw)] }),
      ...drawReaders(draw),
    },
  };
}

function specOf({ spec }: JsonObject): JsonObject {
  return isJsonObject(spec) ? spec : {};
}

const corners: Readonly<Record<string, (draw: Draw, spec: JsonObject) => JsonObject>> = {
  VirtualService: (draw, spec) => ({
    ...spec,
    ...(draw.oneIn(3) && { hosts: [drawPattern(draw)] }),
    ...(draw.oneIn(6) && { hosts: [...listAt(spec, "hosts"), drawName(draw)] }),
    ...drawReaders(draw),
    ...(draw.oneIn(8) && { gateways: draw.pick([["mesh"], ["mesh", "front"], ["front"]]) }),
    ...(draw.oneIn(3) && { tcp: draw.list(1, 2, () => drawTcpRule(draw)) }),
    ...(draw.oneIn(3) && { http: listAt(spec, "http").map((rule) => withMatchCorners(draw, rule)) }),
    // Rules for some callers or one port alone, so that there may be none for others.
    ...(draw.oneIn(3) && { http: [{ match: [drawCaller(draw)], route: [{ destination: { host: drawName(draw) } }] }] }),
  }),
  DestinationRule: (draw, spec) => ({
    ...spec,
    ...(draw.oneIn(3) && { host: drawPattern(draw) }),
    ...drawReaders(draw),
    ...(draw.oneIn(6) && { workloadSelector: { matchLabels: { app: draw.pick(serviceNames) } } }),
    ...(draw.oneIn(3) && {
      trafficPolicy: {
        ...(draw.oneIn(2) && { tls: drawTls(draw) }),
        portLevelSettings: [{ port: { number: draw.pick(ports) }, ...(!draw.oneIn(4) && { tls: drawTls(draw) }) }],
      },
    }),
  }),
  Sidecar: (draw, spec) => ({
    ...spec,
    ...(draw.oneIn(3) && { workloadSelector: { labels: { app: draw.pick(serviceNames) } } }),
    egress: draw.list(1, 2, () => ({
      ...(draw.oneIn(5) && { port: { number: draw.pick(ports), name: "own" } }),
      hosts: draw.list(1, 2, () => drawImport(draw)),
    })),
  }),
  ServiceEntry: (draw, spec) => ({
    ...spec,
    // None with the name of a Service: what istiod makes of both is not followed.
    ...(draw.oneIn(3) && { hosts: draw.pick([["*.com"], ["*.example.com", "example.com"]]) }),
    ...(draw.oneIn(4) && { addresses: ["203.0.113.9"] }),
    ...drawReaders(draw),
  }),
};

/** The full name of a Service, or what takes several in. */
function drawPattern(draw: Draw): string {
  const namespace = draw.pick(namespaces);
  return draw.pick([
    `*.${namespace}.svc.cluster.local`,
    `*.${namespace}.svc.cluster.local`,
    "*.svc.cluster.local",
    "*.cluster.local",
    "*.local",
    `*${draw.pick(serviceNames)}.${namespace}.svc.cluster.local`,
    "*",
  ]);
}

function drawName(draw: Draw): string {
  return `${draw.pick(serviceNames)}.${draw.pick(namespaces)}.svc.cluster.local`;
}

function drawReaders(draw: Draw): JsonObject {
  return draw.oneIn(3) ? { exportTo: draw.pick([["."], ["*"], ["a"], ["b"], [".", "b"], ["~"]]) } : {};
}

function drawTls(draw: Draw): JsonObject {
  return { mode: draw.pick(["DISABLE", "ISTIO_MUTUAL"]) };
}

function drawTcpRule(draw: Draw): JsonObject {
  const match = {
    ...(draw.oneIn(2) && { port: draw.pick(ports) }),
    ...(draw.oneIn(3) && { sourceLabels: { app: draw.pick(serviceNames) } }),
    ...(draw.oneIn(3) && { sourceNamespace: draw.pick(namespaces) }),
  };
  return {
    ...(Object.keys(match).length > 0 && { match: [match] }),
    route: draw.list(1, 2, () => ({
      destination: { host: drawName(draw), ...(draw.oneIn(2) && { port: { number: draw.pick(ports) } }) },
      weight: draw.pick([0, 50, 50]),
    })),
  };
}

function withMatchCorners(draw: Draw, rule: unknown): unknown {
  if (!isJsonObject(rule)) return rule;
  const matches = listAt(rule, "match");
  if (matches.length === 0) return rule;
  return {
    ...rule,
    match: matches.map((match) => ({
      ...(isJsonObject(match) && match),
      ...(draw.oneIn(3) && { authority: draw.pick([{ exact: drawName(draw) }, { prefix: "s" }, { exact: "s.a" }]) }),
      ...(draw.oneIn(6) && { scheme: draw.pick([{ exact: "http" }, { exact: "https" }]) }),
      ...(draw.oneIn(6) && { gateways: draw.pick([["mesh"], ["front"], ["front", "mesh"]]) }),
    })),
  };
}

function drawCaller(draw: Draw): JsonObject {
  return draw.pick<JsonObject>([
    { port: draw.pick(ports) },
    { sourceLabels: { app: draw.pick(serviceNames) } },
    { sourceNamespace: draw.pick(namespaces) },
  ]);
}

function drawImport(draw: Draw): string {
  const space = draw.pick([".", "*", "*", "a", "b", "~", "~a", "~."]);
  const host = draw.pick(["*", "*", drawName(draw), drawPattern(draw), "*.example.com"]);
  return `${space}/${host}`;
}
