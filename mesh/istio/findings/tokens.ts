import { type Finding, finding } from "../../analysis/finding";
import { describeObject } from "../../manifests";
import { type PodState } from "../../cluster/workloads";
import { keyOf } from "../../cluster/keys";
import { isTokenSource } from "../authorization/peer";
import { isTokenKey, requestPrincipalCondition, requestPrincipalKey } from "../authorization/token";
import { asksForClaims } from "../calls/routes";
import { type IstioMesh } from "../mesh";
import { type AuthorizationPolicyState, type RuleState } from "../state/authorization-policies";
import { type RequestAuthenticationState } from "../state/request-authentications";
import { isServedBy } from "../state/gateways";
import { type VirtualServiceState } from "../state/virtual-services";
import { podsAround, selectedPods } from "./pods";
import { notForSidecars } from "./policies";

/** What policies about JSON web tokens do that was probably not meant. */
export function tokenFindings(mesh: IstioMesh): readonly Finding[] {
  const { requestAuthentications, authorizationPolicies, virtualServices } = mesh.state;
  return [
    ...requestAuthentications.flatMap((one) => authenticationFindings(mesh, one)),
    ...authorizationPolicies.flatMap((policy) => demandFindings(mesh, policy)),
    ...virtualServices.flatMap((service) => claimFindings(mesh, service)),
  ];
}

function selected(
  { state }: IstioMesh,
  one: RequestAuthenticationState | AuthorizationPolicyState,
): readonly PodState[] {
  return selectedPods(state, one).filter((pod) => state.hasSidecar(pod));
}

function authenticationFindings(mesh: IstioMesh, one: RequestAuthenticationState): readonly Finding[] {
  if (one.targeted) return notForSidecars(mesh, one, "RequestAuthentication");
  const pods = selected(mesh, one);
  if (pods.length === 0) {
    const around = podsAround(mesh.state, one.namespace);
    if (mesh.state.podsAssumed || around.length === 0) return [];
    return [
      finding(mesh, one, ["spec", "selector", "matchLabels"], {
        severity: "error",
        rule: "policy-selects-nothing",
        message: "The selector matches no pod with a sidecar, so that nobody looks at tokens.",
        remedy: "Write labels that the workload's pods have, all of them.",
      }),
    ];
  }
  const open = pods.find((pod) => {
    const { allow, deny } = mesh.policiesOf(pod);
    const isClosed = allow.length > 0 && allow.every(({ rules }) => rules.length === 0);
    return !isClosed && ![...allow, ...deny].some(({ rules }) => rules.some(asksForToken));
  });
  if (open === undefined || one.rules.length === 0) return [];
  return [
    finding(mesh, one, [], {
      severity: "warning",
      rule: "token-not-demanded",
      message: `Requests without a token pass to ${open.namespace}/${open.serviceAccount}: a RequestAuthentication alone refuses tokens that are not valid, and demands none.`,
      remedy: 'Write an AuthorizationPolicy with action ALLOW and from.source.requestPrincipals: ["*"], or narrower.',
    }),
  ];
}

function asksForToken({ from, when }: RuleState): boolean {
  return from.some((source) => Object.keys(source).some(isTokenSource)) || when.some(({ key }) => isTokenKey(key));
}

/** Rules that ask for tokens which no workload of the policy takes. */
function demandFindings(mesh: IstioMesh, policy: AuthorizationPolicyState): readonly Finding[] {
  if (policy.targeted || !policy.rules.some(asksForToken)) return [];
  const pods = selected(mesh, policy);
  const [first] = pods;
  if (first === undefined) return [];
  const taken = new Set(pods.flatMap((pod) => mesh.policiesOf(pod).tokens));
  const rules = [...taken].flatMap((one) => one.rules);
  const where = `${first.namespace}/${first.serviceAccount}`;
  if (rules.length === 0) {
    const rule = policy.rules.find(asksForToken);
    return [
      finding(mesh, policy, ["spec", "rules", rule?.index ?? 0], {
        severity: policy.action === "ALLOW" ? "error" : "warning",
        rule: "token-of-nobody",
        message: `No RequestAuthentication selects ${where}, so that no token is read there: requestPrincipals and request.auth match nobody, and what negates them matches everybody.`,
        remedy: "Write a RequestAuthentication for the same pods, with the issuer of the tokens.",
      }),
    ];
  }
  return policy.rules.flatMap((rule) =>
    principalsOf(rule)
      .filter((value) => requestPrincipalCondition(value, rules) === undefined)
      .slice(0, 1)
      .map((value) =>
        finding(mesh, policy, ["spec", "rules", rule.index], {
          severity: policy.action === "ALLOW" ? "error" : "warning",
          rule: "token-of-nobody",
          message: `${JSON.stringify(value)} is of no issuer that ${where} takes tokens of: ${[...new Set(rules.map(({ issuer }) => issuer))].join(", ")} (${[...taken].map(({ object }) => describeObject(object)).join(", ")}).`,
          remedy: "Write ISSUER/SUBJECT, where the last slash ends the issuer, or * for any valid token.",
        }),
      ),
  );
}

/** Rules that ask for claims of tokens at gateways whose pods look at none. */
function claimFindings(mesh: IstioMesh, service: VirtualServiceState): readonly Finding[] {
  const route = service.http.find(({ matches }) => matches.some(asksForClaims));
  if (route === undefined) return [];
  const gateways = mesh.state.gateways.filter(({ namespace, name }) =>
    service.gateways.includes(keyOf(namespace, name)),
  );
  const pods = mesh.state.pods.filter((pod) => gateways.some((gateway) => isServedBy(gateway, pod)));
  const unread = pods.find((pod) => mesh.policiesOf(pod).tokens.length === 0);
  if (unread === undefined) return [];
  return [
    finding(mesh, route.written ?? service, route.written?.path ?? ["spec", "http", route.index], {
      severity: "error",
      rule: "claims-of-nobody",
      message: `No RequestAuthentication selects ${unread.namespace}/${unread.serviceAccount}, so that this gateway reads no token: nobody meets what the rule asks of claims, and everybody what it rules out.`,
      remedy: "Write a RequestAuthentication in the gateway's namespace for its pods, with the issuer of the tokens.",
    }),
  ];
}

function principalsOf({ from, when }: RuleState): readonly string[] {
  return [
    ...from.flatMap(({ requestPrincipals = [], notRequestPrincipals = [] }) => [
      ...requestPrincipals,
      ...notRequestPrincipals,
    ]),
    ...when.flatMap(({ key, values, notValues }) => (key === requestPrincipalKey ? [...values, ...notValues] : [])),
  ];
}
