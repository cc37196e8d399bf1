import { compile } from "../../mesh";
import { type KubernetesObject } from "../../mesh/manifests";
import { assumedCluster } from "../../mesh/policy";
import { policyOf } from "./generate";

const namespaces = 200;

/** The source that stands in place of the n-th rule's principals. */
type Source = (rule: number, principals: readonly string[]) => object;

const someNamespaces = (rule: number): readonly string[] =>
  [rule, rule * 7].map((one) => `team-${String(one % namespaces)}`);

/** How policies name callers: one by one, as `compile` does, by their namespaces, by who may not, or by accounts. */
const sources: Readonly<Record<string, Source>> = {
  principals: (_, principals) => ({ principals }),
  namespaces: (rule) => ({ namespaces: someNamespaces(rule) }),
  notNamespaces: (rule) => ({ notNamespaces: someNamespaces(rule) }),
  serviceAccounts: (_, principals) => ({
    serviceAccounts: principals.map((one) => one.replace(/^.*\/ns\/(.*)\/sa\/(.*)$/, "$1/$2")),
  }),
};

/** Policies of the whole mesh beside those of the Services. */
const denied: Readonly<Record<string, object>> = {
  "deny paths": { to: [{ operation: { paths: ["/admin/*"] } }] },
  "deny a pattern": { from: [{ source: { principals: ["*/ns/team-1/*"] } }] },
};

/** The shape of policies that leave namespaces out, in a mesh whose namespaces each have a Sidecar of their own. */
const withSidecars = "notNamespaces, Sidecars";

/** How policies may be written. */
export const shapes: readonly string[] = [...Object.keys(sources), ...Object.keys(denied), withSidecars];

interface Rule {
  readonly from: readonly { readonly source: { readonly principals: readonly string[] } }[];
}

function isOfService(
  object: KubernetesObject,
): object is KubernetesObject & { readonly spec: { readonly rules: readonly Rule[] } } {
  const spec: unknown = "spec" in object ? object.spec : undefined;
  return object.kind === "AuthorizationPolicy" && typeof spec === "object" && spec !== null && "rules" in spec;
}

/** A policy's objects with the sources of one shape. */
export function objectsOf(rules: number, shape: string): readonly KubernetesObject[] {
  const policy = policyOf(rules, "istio");
  const source = sources[shape === withSidecars ? "notNamespaces" : shape] ?? sources["principals"];
  const all: readonly KubernetesObject[] = [...compile(policy, "istio"), ...assumedCluster(policy)];
  let count = 0;
  const written = all.flatMap((object): readonly KubernetesObject[] => {
    // Sidecars are told of what the compiled policies let them call; those who write policies by hand mostly have none.
    if (object.kind === "Sidecar") return [];
    if (source === undefined || !isOfService(object)) return [object];
    const changed = object.spec.rules.map((rule) => ({
      ...rule,
      from: rule.from.map((one) => ({ source: source((count += 1), one.source.principals) })),
    }));
    return [{ ...object, ...{ spec: { ...object.spec, rules: changed } } }];
  });
  if (shape === withSidecars) return [...written, ...sidecars()];
  const rule = denied[shape];
  if (rule === undefined) return written;
  const deny = {
    ...{ apiVersion: "security.istio.io/v1", kind: "AuthorizationPolicy" },
    spec: { action: "DENY", rules: [rule] },
  };
  return [...written, { ...deny, metadata: { name: "deny", namespace: "aks-istio-system" } }];
}

/** Each namespace is told of itself and of two others. */
function sidecars(): readonly KubernetesObject[] {
  return Array.from({ length: namespaces }, (_, index) => {
    const told = [index * 7 + 1, 0].map((one) => `team-${String(one % namespaces)}/*`);
    return {
      ...{ apiVersion: "networking.istio.io/v1", kind: "Sidecar" },
      metadata: { name: "default", namespace: `team-${String(index)}` },
      ...{ spec: { egress: [{ hosts: ["./*", ...told] }] } },
    };
  });
}
