import type * as fc from "fast-check";
import { type KubernetesObject } from "../../mesh/manifests";
import { type Draw, drawn } from "../generate/draw";

/** A request that is asked about: from and to as `namespace/pod`, always TCP, the pod's port, method, path. */
export type PeerQuestion = readonly [
  from: string,
  to: string,
  protocol: "TCP",
  port: number,
  method: string,
  path: string,
];

/** Objects that both analyses read, and what is asked about them. */
export interface PeerCase {
  /** What network-config-analyzer is asked about. */
  readonly layer: "istio" | "istio and gateways";
  /** The pod that is a gateway, `namespace/pod`. */
  readonly gateway?: string;
  readonly objects: readonly KubernetesObject[];
  readonly questions: readonly PeerQuestion[];
  /** Other objects: what does the change to them open and close? */
  readonly after: readonly KubernetesObject[];
  /** Of whom that is asked: from and to as `namespace/pod`, the pod's port. */
  readonly pairs: readonly (readonly [from: string, to: string, port: number])[];
}

const namespaces = ["a", "b"] as const;
const apps = ["s", "t"] as const;
const ports = [8080, 9090] as const;
const methods = ["GET", "POST"] as const;
const paths = ["/", "/a", "/a/b", "/ab", "/b"] as const;

/**
 * Pods that each run as an account of their own name, behind a Service of it, with AuthorizationPolicies and Sidecars in words that
 * network-config-analyzer 2.1.0 knows: it has no templates, no headers, no CUSTOM and AUDIT, and another root namespace; of Sidecars it reads
 * no ports. One of the pods may be a gateway with routes. Every request between two pods is asked about, and what it changes to take an object away or to put another in its place.
 *
 * @param size pods at most, and policies.
 */
export function arbitraryPeerCase(size: number): fc.Arbitrary<PeerCase> {
  return drawn((draw) => {
    const spaces = namespaces.map((name) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels: { "kubernetes.io/metadata.name": name } },
    }));
    const hasGateway = draw.oneIn(3);
    const pods = draw
      .list(Math.max(2, Math.ceil(size / 2)), size, () => draw.pick(namespaces))
      .map((namespace, index) => ({
        apiVersion: "v1",
        kind: "Pod",
        // A label of its own: of pods that look alike the analyzer keeps two.
        metadata: {
          name: `p${String(index)}`,
          namespace,
          labels: {
            app: draw.pick(apps),
            id: `p${String(index)}`,
            "security.istio.io/tlsMode": "istio",
            ...(hasGateway && index === 0 && { istio: "ingressgateway" }),
          },
        },
        spec: {
          serviceAccountName: `p${String(index)}`,
          containers: [{ name: "main", ports: ports.map((containerPort) => ({ containerPort })) }],
        },
        status: { phase: "Running", podIP: `10.251.0.${String(index + 1)}` },
      }));
    const services = pods.map(({ metadata: { name, namespace } }) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace },
      spec: {
        selector: { id: name },
        ports: ports.map((port) => ({ name: `http-${String(port)}`, port, targetPort: port })),
      },
    }));
    const accounts = pods.map(({ metadata: { name, namespace } }) => `${namespace}/sa/${name}`);
    const drawPolicy = (index: number) => {
      const action = draw.pick(["ALLOW", "ALLOW", "DENY"]);
      return {
        apiVersion: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        metadata: { name: `p${String(index)}`, namespace: draw.pick(namespaces) },
        spec: {
          ...(draw.oneIn(2) && { selector: { matchLabels: { app: draw.pick(apps) } } }),
          action,
          rules: draw.list(action === "ALLOW" && draw.oneIn(6) ? 0 : 1, 2, () => drawRule(draw, accounts)),
        },
      };
    };
    const policies = draw
      .list(Math.max(1, Math.ceil(size / 4)), size, () => undefined)
      .map((_, index) => drawPolicy(index));
    const hosts = services.map(({ metadata }) => `${metadata.name}.${metadata.namespace}.svc.cluster.local`);
    const drawnSidecars = draw.oneIn(2)
      ? [
          ...draw.some(namespaces).map((namespace) => drawSidecar(draw, namespace, undefined, hosts)),
          ...(draw.oneIn(3) ? [drawSidecar(draw, draw.pick(namespaces), draw.pick(apps), hosts)] : []),
        ]
      : [];
    const changing = [...policies, ...drawnSidecars];
    const changed = draw.integer(0, changing.length - 1);
    const instead = draw.oneIn(2) ? [] : [drawPolicy(changed)];
    const afterwards = [...changing.filter((_, index) => index !== changed), ...instead];
    const names = pods.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    const questions = names.flatMap((from) =>
      names
        // A pod reaches itself around its sidecar.
        .filter((to) => to !== from)
        .flatMap((to) =>
          ports.flatMap((port) =>
            methods.flatMap((method) => paths.map((path): PeerQuestion => [from, to, "TCP", port, method, path])),
          ),
        ),
    );
    const [gateway = ""] = names;
    const fixed = [...spaces, ...pods, ...services, ...(hasGateway ? drawGateway(draw, gateway, hosts.slice(1)) : [])];
    const pairs = questions
      // Of a gateway the analyzer looks at its routes as well.
      .filter(
        ([from, , , , method, path]) => from !== (hasGateway && gateway) && method === methods[0] && path === paths[0],
      )
      .map(([from, to, , port]) => [from, to, port] as const);
    return {
      layer: hasGateway ? "istio and gateways" : "istio",
      ...(hasGateway && { gateway }),
      objects: [...fixed, ...changing],
      questions,
      after: [...fixed, ...afterwards],
      pairs,
    };
  });
}

/** What a gateway takes from outside, and leads to some of the hosts. */
function drawGateway(draw: Draw, gateway: string, hosts: readonly string[]): readonly KubernetesObject[] {
  const [namespace = ""] = gateway.split("/");
  const meta = { name: "way-in", namespace };
  const routes = draw.list(1, 2, () => ({
    match: [
      {
        ...(draw.oneIn(2) ? { uri: { exact: draw.pick(["/a", "/b"]) } } : { uri: { prefix: "/a" } }),
        ...(draw.oneIn(3) && { method: { exact: draw.pick(methods) } }),
      },
    ],
    route: [{ destination: { host: draw.maybe(hosts) ?? "", port: { number: draw.pick(ports) } } }],
  }));
  return [
    {
      apiVersion: "networking.istio.io/v1",
      kind: "Gateway",
      metadata: meta,
      ...{
        spec: {
          selector: { istio: "ingressgateway" },
          servers: [{ port: { number: 8080, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
        },
      },
    },
    {
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: meta,
      ...{ spec: { hosts: ["shop.example"], gateways: ["way-in"], http: routes } },
    },
  ];
}

/** What the sidecars of a namespace, or of some of its pods, may call. */
function drawSidecar(draw: Draw, namespace: string, app: string | undefined, hosts: readonly string[]) {
  const host = (): string =>
    draw.pick([`./*`, `*/*`, `${draw.pick(namespaces)}/*`, ...hosts.map((one) => `${one.split(".")[1] ?? ""}/${one}`)]);
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "Sidecar",
    metadata: { name: app ?? "default", namespace },
    spec: {
      ...(app !== undefined && { workloadSelector: { labels: { app } } }),
      egress: [{ hosts: [...new Set(draw.list(1, 3, host))] }],
      outboundTrafficPolicy: { mode: draw.oneIn(6) ? "ALLOW_ANY" : "REGISTRY_ONLY" },
    },
  };
}

function drawRule(draw: Draw, accounts: readonly string[]) {
  const principal = (): string => {
    const account = draw.maybe(accounts) ?? "";
    return draw.pick([
      `cluster.local/ns/${account}`,
      `cluster.local/ns/${account}`,
      `cluster.local/ns/${draw.pick(namespaces)}/*`,
      `*/sa/${account.split("/")[2] ?? ""}`,
      "*",
    ]);
  };
  const source = { principals: principal, namespaces: () => draw.pick([...namespaces, "b*"]) };
  const operation = {
    ports: () => String(draw.pick(ports)),
    methods: () => draw.pick([...methods, "PUT"]),
    paths: () => draw.pick(["/a", "/a*", "*b", "/a/b", "*", "/b"]),
  };
  return {
    ...(draw.oneIn(2) && { from: draw.list(1, 2, () => ({ source: drawFields(draw, source) })) }),
    ...(!draw.oneIn(3) && { to: draw.list(1, 2, () => ({ operation: drawFields(draw, operation) })) }),
    ...(draw.oneIn(4) && { when: [drawCondition(draw, principal)] }),
  };
}

/** Some fields, each as it is or negated. */
function drawFields(
  draw: Draw,
  fields: Readonly<Record<string, () => string>>,
): Readonly<Record<string, readonly string[]>> {
  const names = Object.keys(fields);
  const chosen = draw.some(names);
  const some = chosen.length > 0 ? chosen : names.slice(0, 1);
  return Object.fromEntries(
    some.map((name) => {
      const field = draw.oneIn(4) ? `not${name.charAt(0).toUpperCase()}${name.slice(1)}` : name;
      return [field, [...new Set(draw.list(1, 2, fields[name] ?? (() => "")))]];
    }),
  );
}

function drawCondition(draw: Draw, principal: () => string) {
  const [key, value] = draw.pick([
    ["source.principal", principal],
    ["source.namespace", () => draw.pick(namespaces)],
    ["destination.port", () => String(draw.pick(ports))],
  ]);
  return { key, [draw.oneIn(3) ? "notValues" : "values"]: [...new Set(draw.list(1, 2, value))] };
}
