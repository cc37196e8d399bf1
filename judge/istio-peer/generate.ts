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
  readonly layer: "istio";
  readonly objects: readonly KubernetesObject[];
  readonly questions: readonly PeerQuestion[];
}

const namespaces = ["a", "b"] as const;
const apps = ["s", "t"] as const;
const ports = [8080, 9090] as const;
const methods = ["GET", "POST"] as const;
const paths = ["/", "/a", "/a/b", "/ab", "/b"] as const;

/**
 * Pods that each run as an account of their own name, behind a Service of it, and AuthorizationPolicies in words that
 * network-config-analyzer 2.1.0 knows: it has no templates, no headers, no CUSTOM and AUDIT, and another root namespace. Every
 * request between two pods is asked about.
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
    const pods = draw
      .list(Math.max(2, Math.ceil(size / 2)), size, () => draw.pick(namespaces))
      .map((namespace, index) => ({
        apiVersion: "v1",
        kind: "Pod",
        // A label of its own: of pods that look alike the analyzer keeps two.
        metadata: {
          name: `p${String(index)}`,
          namespace,
          labels: { app: draw.pick(apps), id: `p${String(index)}`, "security.istio.io/tlsMode": "istio" },
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
    const policies = draw
      .list(Math.max(1, Math.ceil(size / 4)), size, () => draw.pick(namespaces))
      .map((namespace, index) => {
        const action = draw.pick(["ALLOW", "ALLOW", "DENY"]);
        return {
          apiVersion: "security.istio.io/v1",
          kind: "AuthorizationPolicy",
          metadata: { name: `p${String(index)}`, namespace },
          spec: {
            ...(draw.oneIn(2) && { selector: { matchLabels: { app: draw.pick(apps) } } }),
            action,
            rules: draw.list(action === "ALLOW" && draw.oneIn(6) ? 0 : 1, 2, () => drawRule(draw, accounts)),
          },
        };
      });
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
    return { layer: "istio", objects: [...spaces, ...pods, ...services, ...policies], questions };
  });
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
