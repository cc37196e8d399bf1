import { type Finding, finding } from "../../analysis/finding";
import { keyOf } from "../../cluster/keys";
import { type PodState } from "../../cluster/workloads";
import { isTemplate } from "../authorization/matcher";
import { accountOf } from "../calls/client";
import { injectLabel } from "../injection";
import { isSubset } from "../labels";
import { type IstioMesh } from "../mesh";
import { type AuthorizationPolicyState, type RuleState } from "../state/authorization-policies";
import { gatewayNameLabel } from "../state/gateway-api/kinds";
import { type RequestAuthenticationState } from "../state/request-authentications";
import { connectionFindings } from "./connections";
import { hostFindings } from "./host-headers";
import { operationFindings } from "./operations";
import { podsOfNamespace, selectedPods } from "./pods";
import { revisionsBefore } from "./revisions";
import { sourceFindings } from "./sources";

/** What AuthorizationPolicies do that was probably not meant. */
export function policyFindings(mesh: IstioMesh): readonly Finding[] {
  const { state } = mesh;
  const known = mesh.knownAccounts();
  const running = known && (state.podsAssumed ? known : new Set([...state.accounts, ...state.pods.map(accountOf)]));
  return state.authorizationPolicies.flatMap((policy): readonly Finding[] => {
    const pods = state.podsAssumed ? undefined : selectedPods(state, policy);
    return [
      ...selectionFindings(mesh, policy, pods),
      ...policy.rules.flatMap((rule) => [
        ...pathFindings(mesh, policy, rule),
        ...sourceFindings(mesh, policy, rule, running),
        ...hostFindings(mesh, policy, rule),
        ...unquotedFindings(mesh, policy, rule),
        ...clientAddressFindings(mesh, policy, rule),
      ]),
      ...operationFindings(mesh, policy, pods ?? []),
      ...connectionFindings(mesh, policy, pods ?? []),
    ];
  });
}

/**
 * Says of what is attached to something that it is for no sidecar, unless it is attached to a gateway that is there.
 *
 * @param kind What the object is called in the message.
 */
export function notForSidecars(
  mesh: IstioMesh,
  targeted: AuthorizationPolicyState | RequestAuthenticationState,
  kind: string,
): readonly Finding[] {
  const isThere = mesh.state.pods.some(
    ({ namespace, labels }) =>
      namespace === targeted.namespace && targeted.gateways.includes(labels[gatewayNameLabel] ?? ""),
  );
  if (isThere) return [];
  return [
    finding(mesh, targeted, ["spec", "targetRefs"], {
      severity: "warning",
      rule: "policy-not-for-sidecars",
      message: `A ${kind} with targetRefs is for waypoints and gateways, and nothing shows the one that it names: sidecars ignore it.`,
      remedy: "Select the workload's pods by selector.matchLabels.",
    }),
  ];
}

function selectionFindings(
  mesh: IstioMesh,
  policy: AuthorizationPolicyState,
  pods: readonly PodState[] | undefined,
): readonly Finding[] {
  if (policy.targeted) return notForSidecars(mesh, policy, "policy");
  if (pods === undefined) return [];
  if (pods.length === 0 && podsOfNamespace(mesh.state, policy.namespace).length > 0) {
    return [
      finding(mesh, policy, ["spec", "selector", "matchLabels"], {
        severity: "error",
        rule: "policy-selects-nothing",
        message: "The selector matches no pod, so that the policy does nothing.",
        remedy: "Write labels that the workload's pods have, all of them.",
      }),
    ];
  }
  const { hasSidecar, isAmbient } = mesh.state;
  const bare = pods.filter((pod) => !hasSidecar(pod) && !isAmbient(pod) && !isBeside(mesh, policy, pod));
  if (bare.length === 0 || policy.action === "AUDIT") return [];
  const names = [...new Set(bare.map(({ namespace, serviceAccount }) => keyOf(namespace, serviceAccount)))];
  return [
    finding(mesh, policy, [], {
      severity: isMeantForBare(mesh, policy, pods, bare) ? "error" : "warning",
      rule: "policy-without-sidecar",
      message: `Pods of ${names.slice(0, 3).join(", ")} have no sidecar: nobody keeps the policy there, and everybody may call them.`,
      remedy: bareRemedy(bare),
    }),
  ];
}

/** Whether a policy of the whole mesh has nothing to do with a pod: its namespace is not in the mesh. */
function isBeside({ state }: IstioMesh, { namespace, selector }: AuthorizationPolicyState, pod: PodState): boolean {
  if (namespace !== state.rootNamespace || Object.keys(selector).length > 0) return false;
  const plain = { namespace: pod.namespace, labels: {}, annotations: {}, hostNetwork: false, running: false };
  return !state.hasSidecar(plain) && !podsOfNamespace(state, pod.namespace).some((one) => state.hasSidecar(one));
}

/** Whether a pod is kept from having a sidecar by what its own manifest says. */
function refusesSidecar({ labels, annotations, hostNetwork }: PodState): boolean {
  return hostNetwork || (labels[injectLabel] ?? annotations[injectLabel]) === "false";
}

function bareRemedy(bare: readonly PodState[]): string {
  if (bare.every(({ hostNetwork }) => hostNetwork))
    return "Pods with their node's network never get a sidecar: take hostNetwork out, or have them ask for credentials themselves.";
  return bare.some(refusesSidecar)
    ? `Take ${injectLabel}: "false" off the pods; or close them by a NetworkPolicy.`
    : "Give the namespace the label istio.io/rev of the mesh's revision, and start the pods again; or close them by a NetworkPolicy.";
}

/**
 * Whether a policy counts on pods that have no sidecar. One of a whole namespace does not count on its jobs, say: on pods beside others that keep it,
 * to which no Service leads.
 */
function isMeantForBare(
  { state }: IstioMesh,
  { namespace: own, selector }: AuthorizationPolicyState,
  pods: readonly PodState[],
  bare: readonly PodState[],
): boolean {
  if (Object.keys(selector).length > 0 || bare.length === pods.length) return true;
  if (own === state.rootNamespace && bare.every(refusesSidecar)) return false;
  const services = [...state.services.values()].filter((service) => Object.keys(service.selector).length > 0);
  return bare.some(({ namespace, labels }) =>
    services.some((service) => service.namespace === namespace && isSubset(service.selector, labels)),
  );
}

/** Characters that only a pattern has. */
const patternLike = /[\\^$+()[\]|]|\.\*|.\*./;

/** What is wrong with a path that no request has. */
function strayPath(path: string): { readonly message: string; readonly remedy: string } | undefined {
  const cut = path.search(/[?#]/);
  if (cut >= 0) {
    return {
      message: `No path meets ${JSON.stringify(path)}: a path ends before its query and its fragment.`,
      remedy: `Write ${JSON.stringify(path.slice(0, cut))}; a query is part of request.headers[:path], in when.`,
    };
  }
  if (/^[/*]/.test(path)) return undefined;
  return {
    message: `No path meets ${JSON.stringify(path)}: every path begins with /.`,
    remedy: `Write ${JSON.stringify(`/${path}`)}.`,
  };
}

function pathFindings(mesh: IstioMesh, policy: AuthorizationPolicyState, rule: RuleState): readonly Finding[] {
  return rule.to.flatMap(({ paths = [], notPaths = [] }, index) =>
    [
      ...paths.map((path, at) => ({ path, at, field: "paths" })),
      ...notPaths.map((path, at) => ({ path, at, field: "notPaths" })),
    ].flatMap(({ path, at, field }): readonly Finding[] => {
      const lost = strayPath(path);
      if (lost !== undefined) {
        return [
          finding(mesh, policy, ["spec", "rules", rule.index, "to", index, "operation", field, at], {
            severity: "warning",
            rule: "path-of-nobody",
            ...lost,
          }),
        ];
      }
      if (isTemplate(path) || !patternLike.test(path)) return [];
      return [
        finding(mesh, policy, ["spec", "rules", rule.index, "to", index, "operation", field, at], {
          severity: "warning",
          rule: "path-is-literal",
          message: `${JSON.stringify(path)} is taken letter by letter: paths of an AuthorizationPolicy are no patterns.`,
          remedy: "Write exact paths, prefix*, *suffix, or {*} for one segment and a last {**} for any number.",
        }),
      ];
    }),
  );
}

/** CVE-2026-39350: values that were written into patterns without quoting their dots. */
function unquotedFindings(mesh: IstioMesh, policy: AuthorizationPolicyState, rule: RuleState): readonly Finding[] {
  const old = revisionsBefore(mesh, "1.30");
  if (old.length === 0) return [];
  const loose = rule.from.flatMap(
    ({
      serviceAccounts = [],
      notServiceAccounts = [],
      namespaces = [],
      notNamespaces = [],
      principals = [],
      notPrincipals = [],
    }) => [
      ...[...serviceAccounts, ...notServiceAccounts, ...namespaces, ...notNamespaces].filter((one) =>
        one.includes("."),
      ),
      ...[...principals, ...notPrincipals].filter((one) => one.startsWith("*") && one.includes(".")),
    ],
  );
  return loose.slice(0, 1).map((one) =>
    finding(mesh, policy, ["spec", "rules", rule.index, "from"], {
      severity: "warning",
      rule: "unquoted-dot",
      message: `Before Istio 1.28.7 and 1.29.3 the dot in ${JSON.stringify(one)} stands for any character (CVE-2026-39350), and ${old.join(", ")} may be older.`,
      remedy: "Write exact principals, which are no patterns in any version.",
    }),
  );
}

function clientAddressFindings(mesh: IstioMesh, policy: AuthorizationPolicyState, rule: RuleState): readonly Finding[] {
  const asks =
    rule.from.some((source) => source.remoteIpBlocks !== undefined || source.notRemoteIpBlocks !== undefined) ||
    rule.when.some(({ key }) => key === "remote.ip");
  if (!asks) return [];
  return [
    finding(mesh, policy, ["spec", "rules", rule.index], {
      severity: "warning",
      rule: "address-from-header",
      message: "A sidecar reads a client's address from the header X-Forwarded-For, which any caller may write itself.",
      remedy: "Use it at a gateway that knows its proxies, and principals or ipBlocks between workloads.",
    }),
  ];
}
