import { type Finding, finding } from "../../analysis/finding";
import { keyOf } from "../../cluster/keys";
import { nearNames, slipsOf } from "../../manifests/near-names";
import { type ValuePath } from "../../manifests";
import { accountWritten, principalOf } from "../authorization/peer";
import { aksRootNamespace, upstreamRootNamespace } from "../injection";
import { type IstioMesh } from "../mesh";
import { type AuthorizationPolicyState, type RuleState } from "../state/authorization-policies";
import { podsOfNamespace } from "./pods";

/** Namespaces that AKS makes, which no team's manifests have. */
const namespacesOfAks: ReadonlySet<string> = new Set([
  "aks-istio-egress",
  "aks-istio-ingress",
  aksRootNamespace,
  "default",
  "kube-system",
]);

/** Sources as most examples have them, for gateways of Istio's own installation: the add-on has nothing there. */
function ofUpstream(
  { state }: IstioMesh,
  namespace: string,
): Omit<Finding, "object" | "property" | "position"> | undefined {
  if (namespace !== upstreamRootNamespace || state.rootNamespace !== aksRootNamespace) return undefined;
  if (state.namespaces.has(namespace) || podsOfNamespace(state, namespace).length > 0) return undefined;
  return {
    severity: "warning",
    rule: "principal-of-nobody",
    message: `The add-on runs nothing in ${namespace}, which is for Istio's own installation: it lets nobody in.`,
    remedy: "The add-on's gateways run in aks-istio-ingress: write that into namespaces, or the account of their pods.",
  };
}

type Rest = Omit<Finding, "object" | "property" | "position">;

/** Whom a rule names, wherever it does. */
interface NamedSource {
  readonly kind: "principal" | "account" | "namespace";
  readonly value: string;
  readonly path: ValuePath;
  /** Whether it is among those that a rule is not for. */
  readonly excepted: boolean;
}

/** Callers that a rule names and that are nobody. */
export function sourceFindings(
  mesh: IstioMesh,
  policy: AuthorizationPolicyState,
  rule: RuleState,
  running: ReadonlySet<string> | undefined,
): readonly Finding[] {
  return namedSources(rule).flatMap((source): readonly Finding[] => {
    const effect = source.excepted ? "excepts nobody" : policy.action === "ALLOW" ? "lets nobody in" : "is for nobody";
    const found =
      source.kind === "namespace"
        ? ofNamespace(mesh, source.value)
        : source.kind === "account"
          ? ofAccount(mesh, running, accountWritten(policy.namespace, source.value), source.value, effect)
          : ofPrincipal(mesh, running, source.value, effect);
    return found === undefined ? [] : [finding(mesh, policy, ["spec", "rules", rule.index, ...source.path], found)];
  });
}

/** Whether a rule is for somebody of a namespace of which the objects show no pod: another team's, or an add-on's. */
export function isForUnseen(mesh: IstioMesh, policy: AuthorizationPolicyState, rule: RuleState): boolean {
  return namedSources(rule).some((source) => {
    const namespace = source.excepted ? undefined : namespaceOf(source, policy.namespace);
    return namespace !== undefined && podsOfNamespace(mesh.state, namespace).length === 0;
  });
}

/** The namespace of whom a rule names; undefined where a pattern leaves it open. */
function namespaceOf({ kind, value }: NamedSource, own: string): string | undefined {
  switch (kind) {
    case "namespace":
      return value;
    case "account":
      return value.includes("/") ? value.split("/")[0] : own;
    case "principal":
      return /\/ns\/([^*/]+)\//.exec(value)?.[1];
  }
}

function namedSources({ from, when }: RuleState): readonly NamedSource[] {
  const fields = [
    ["principals", "principal", false],
    ["notPrincipals", "principal", true],
    ["serviceAccounts", "account", false],
    ["notServiceAccounts", "account", true],
    ["namespaces", "namespace", false],
    ["notNamespaces", "namespace", true],
  ] as const;
  const keys = [
    ["source.principal", "principal"],
    ["source.serviceAccount", "account"],
    ["source.namespace", "namespace"],
  ] as const;
  return [
    ...from.flatMap((source, index) =>
      fields.flatMap(([field, kind, excepted]) =>
        (source[field] ?? []).map((value) => ({ kind, value, path: ["from", index, "source", field], excepted })),
      ),
    ),
    ...when.flatMap(({ key, values, notValues }, index) =>
      keys.flatMap(([name, kind]) =>
        key !== name
          ? []
          : [
              ...values.map((value) => ({ kind, value, path: ["when", index, "values"], excepted: false })),
              ...notValues.map((value) => ({ kind, value, path: ["when", index, "notValues"], excepted: true })),
            ],
      ),
    ),
  ];
}

const principal = /^([^*/]+|\*)\/ns\/([^*/]+)\/sa\/([^*/]+)$/;

function ofPrincipal(
  mesh: IstioMesh,
  running: ReadonlySet<string> | undefined,
  value: string,
  effect: string,
): Rest | undefined {
  const { settings } = mesh.state;
  const [, domain, namespace, account] = principal.exec(value) ?? [];
  if (domain === undefined || namespace === undefined || account === undefined) {
    if (value.includes("*") || /\/ns\/.*\/sa\//.test(value)) return undefined;
    return {
      severity: "error",
      rule: "principal-of-nobody",
      message: `${JSON.stringify(value)} is the identity of nobody: it would be like ${principalOf(settings.trustDomain, "shop", "cart")}.`,
      remedy: "Write TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT.",
    };
  }
  const domains = ["*", "cluster.local", settings.trustDomain, ...settings.trustDomainAliases];
  if (!domains.includes(domain)) {
    return {
      severity: "error",
      rule: "principal-of-nobody",
      message: `${JSON.stringify(value)} is of the trust domain ${domain}, and the mesh's is ${settings.trustDomain}.`,
      remedy: "Write cluster.local, which stands for the mesh's own.",
    };
  }
  return ofAccount(mesh, running, keyOf(namespace, account), value, effect);
}

function ofAccount(
  mesh: IstioMesh,
  running: ReadonlySet<string> | undefined,
  key: string,
  written: string,
  effect: string,
): Rest | undefined {
  const [namespace = ""] = key.split("/");
  const elsewhere = ofUpstream(mesh, namespace);
  if (elsewhere !== undefined) return elsewhere;
  if (running === undefined || running.has(key)) return undefined;
  if (podsOfNamespace(mesh.state, namespace).length === 0) return slipOfNamespace(mesh, namespace);
  const near = nearNames(key, running);
  return {
    severity: "warning",
    rule: "principal-of-nobody",
    message: `Nothing runs as ${key}, so that ${JSON.stringify(written)} ${effect}.`,
    remedy:
      near.length === 0 ? "Name an account that runs, or start what runs as it." : `Did you mean ${near.join(" or ")}?`,
  };
}

/** A namespace that no object shows may be another team's, unless its name is nearly that of one which is there. */
function slipOfNamespace({ state }: IstioMesh, namespace: string): Rest | undefined {
  if (state.namespaces.has(namespace) || namespacesOfAks.has(namespace)) return undefined;
  const near = slipsOf(namespace, state.namespaces.keys());
  if (near.length === 0) return undefined;
  return {
    severity: "warning",
    rule: "principal-of-nobody",
    message: `There is no namespace ${namespace}.`,
    remedy: `Did you mean ${near.join(" or ")}?`,
  };
}

function ofNamespace(mesh: IstioMesh, namespace: string): Rest | undefined {
  const elsewhere = ofUpstream(mesh, namespace);
  if (elsewhere !== undefined) return elsewhere;
  const { namespaces: shown } = mesh.state;
  if (namespace.includes("*") || shown.size === 0 || shown.has(namespace) || namespacesOfAks.has(namespace))
    return undefined;
  const near = nearNames(namespace, shown.keys());
  return {
    severity: "warning",
    rule: "principal-of-nobody",
    message: `There is no namespace ${namespace}.`,
    remedy: near.length === 0 ? "Name one that is there." : `Did you mean ${near.join(" or ")}?`,
  };
}
