import { assumedPod, assumedService } from "../../cluster/assumed-objects";
import { keyOf } from "../../cluster/keys";
import { type NamespaceState, type PodState, type ServiceState } from "../../cluster/workloads";
import { revisionLabel } from "../injection";
import { aksRevision } from "../revisions";
import { type AuthorizationPolicyState } from "./authorization-policies";
import { type AssumedWorkloads } from "./assumed-workloads";
import { type GatewayState } from "./gateways";

/** The namespace of the add-on's ingress gateways, and the label by which Gateways select their pods. */
export const ingressNamespace = "aks-istio-ingress";
export const gatewayLabel = "istio";
export const gatewayNames: ReadonlySet<string> = new Set([
  "aks-istio-ingressgateway-external",
  "aks-istio-ingressgateway-internal",
]);

/** What the objects tell. */
interface Given {
  readonly gateways: readonly GatewayState[];
  readonly authorizationPolicies: ReadonlyMap<string, AuthorizationPolicyState>;
  readonly namespaces: ReadonlyMap<string, NamespaceState>;
  readonly pods: ReadonlyMap<string, PodState>;
  readonly workloads: ReadonlyMap<string, { readonly namespace: string }>;
}

/**
 * The add-on's ingress gateways that Gateways select, where the objects show nothing of their namespace: AKS makes them, no team's manifests have
 * them. Each revision's has a service account of its own, called as its Deployment.
 *
 * @param assumptions gets a sentence where anything is assumed.
 */
export function assumedGateways(given: Given, assumptions: string[]): AssumedWorkloads {
  const pods = new Map<string, PodState>();
  const services = new Map<string, ServiceState>();
  const shown = [...given.pods.values(), ...given.workloads.values()].some(
    ({ namespace }) => namespace === ingressNamespace,
  );
  const selected = new Set(given.gateways.flatMap(({ selector }) => selector[gatewayLabel] ?? []));
  for (const name of shown ? [] : [...selected].filter((one) => gatewayNames.has(one)).sort()) {
    services.set(keyOf(ingressNamespace, name), serviceOf(name));
    const accounts = accountsOf(name, given);
    for (const account of accounts) pods.set(keyOf(ingressNamespace, account), podOf(name, account));
    assumptions.push(
      `No pod in ${ingressNamespace}: the add-on's gateway ${name} is taken to run as ${accounts.join(" and ")}, with ports 80 and 443.`,
    );
  }
  return { pods, services };
}

/** Service accounts that policies name as the gateway's, or else those of the revisions that namespaces are given to. */
function accountsOf(name: string, { authorizationPolicies, namespaces }: Given): readonly string[] {
  const prefix = `/ns/${ingressNamespace}/sa/`;
  const principals = [...authorizationPolicies.values()].flatMap(({ rules }) =>
    rules.flatMap(({ from }) => from.flatMap((source) => source.principals ?? [])),
  );
  const named = principals.flatMap((one) => {
    const account = one.slice(one.indexOf(prefix) + prefix.length);
    return one.includes(prefix) && (account === name || account.startsWith(`${name}-asm-`)) ? [account] : [];
  });
  if (named.length > 0) return [...new Set(named)].sort();
  const revisions = [...namespaces.values()].flatMap(({ labels }) => labels[revisionLabel] ?? []);
  const known = [...new Set(revisions)].filter((one) => aksRevision.test(one)).sort();
  return known.length === 0 ? [name] : known.map((revision) => `${name}-${revision}`);
}

function podOf(name: string, account: string): PodState {
  return assumedPod({
    namespace: ingressNamespace,
    name: account,
    labels: { app: name, [gatewayLabel]: name },
    annotations: { "inject.istio.io/templates": "gateway", "sidecar.istio.io/status": "{}" },
    serviceAccount: account,
  });
}

function serviceOf(name: string): ServiceState {
  return assumedService({
    namespace: ingressNamespace,
    name,
    selector: { [gatewayLabel]: name },
    exposed: true,
    ports: [
      { name: "http2", port: 80, targetPort: 80, transport: "TCP" },
      { name: "https", port: 443, targetPort: 443, transport: "TCP" },
    ],
  });
}
