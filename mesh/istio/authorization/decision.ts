import {
  type CallTree,
  end,
  type End,
  failure,
  type Rule,
  type Rules,
  undefinedChoice,
} from "../../analysis/call-tree";
import { describeObject } from "../../manifests";
import { type Reason } from "../../request/request";
import { conditionKey } from "../../request/condition-key";
import { type AuthorizationPolicyState, type RuleState } from "../state/authorization-policies";
import { type RequestAuthenticationState } from "../state/request-authentications";
import { anyRequest, isAnyRequest } from "./matcher";
import { refusedTokens } from "./token";
import { type Peer, type Reading } from "./peer";
import {
  bySource,
  callersTest,
  isHostAmong,
  type Met,
  namesOf,
  type Sending,
  whenMet,
  type WrittenCondition,
} from "./rule";

/** Policies that select a workload, by what they do. Those that are only tried are not among them. */
export interface WorkloadPolicies {
  /** Those that say whose tokens are valid. */
  readonly tokens: readonly RequestAuthenticationState[];
  readonly custom: readonly AuthorizationPolicyState[];
  readonly deny: readonly AuthorizationPolicyState[];
  readonly allow: readonly AuthorizationPolicyState[];
}

/** A condition of a policy's rule, as a sidecar holds requests against it. */
interface PolicyRule extends Rule {
  readonly leadsTo: CallTree;
}

/** A rule of a policy: whom it is for, and what it asks of their requests. */
interface ReadRule {
  /** Which of all the workload's rules it is. */
  readonly number: number;
  readonly isFor: (peer: Peer) => boolean;
  readonly policy: AuthorizationPolicyState;
  readonly rule: RuleState;
}

/** What sidecars decide about an HTTP request, or a connection, before they pass it on. */
export interface Answers {
  readonly allowed: (because: readonly Reason[]) => CallTree;
  readonly denied: (because: readonly Reason[]) => End;
}

const everything: WrittenCondition = { text: "any request", ...anyRequest };

/**
 * What the policies of a workload come to, by who calls: those that ask somebody else first, then which tokens are valid, then any DENY, then, where
 * there is any ALLOW policy, only what one of them allows. Peers that the same rules are for get one and the same tree.
 *
 * @param allowed what becomes of what they let pass.
 */
export function authorization(
  policies: WorkloadPolicies,
  sending: Omit<Sending, "tokens">,
  settings: Reading["settings"],
  backend: string,
  allowed: Answers["allowed"],
): (peer: Peer) => CallTree {
  const http = sending.authority !== undefined;
  const answers: Answers = {
    allowed,
    denied: (because) => (http ? end("denied", because, backend) : failure(false, undefined, because)),
  };
  let count = 0;
  const tokens = policies.tokens.flatMap(({ rules }) => rules);
  const read = (some: readonly AuthorizationPolicyState[]): readonly ReadRule[] =>
    some.flatMap((policy) =>
      // On a connection one source that asks for a token takes the whole rule away.
      (http ? policy.rules.flatMap(bySource) : policy.rules).map((rule): ReadRule => ({
        number: (count += 1),
        isFor: callersTest(policy.namespace, rule, settings),
        policy,
        rule,
      })),
    );
  const [custom, deny, allow] = [read(policies.custom), read(policies.deny), read(policies.allow)];
  const leading = (
    leads: (because: readonly Reason[]) => CallTree,
    valid: Sending["tokens"],
  ): ((rules: readonly ReadRule[]) => readonly PolicyRule[]) => {
    const known: (readonly PolicyRule[] | undefined)[] = [];
    const told: Sending = { tokens: valid, ...sending };
    return (rules) => {
      const all: PolicyRule[] = [];
      for (const { number, policy, rule } of rules) {
        let own = known[number];
        if (own === undefined) {
          const leadsTo = leads([reasonOf(policy, rule)]);
          const conditions = conditionsOf(whenMet(policy, rule, told));
          known[number] = own = conditions.map((condition) => policyRule(condition, leadsTo));
        }
        for (const one of own) all.push(one);
      }
      return all;
    };
  };
  const refusing = leading(answers.denied, tokens);
  const passing = leading(answers.allowed, tokens);
  const none = withoutRule(policies.allow, sending.authority);
  const otherwise = policies.allow.length === 0 ? answers.allowed(none) : answers.denied(none);
  const invalid = http && tokens.length > 0 ? invalidTokens(policies.tokens, answers) : [];
  const byRules = new Map<string, CallTree>();
  return (peer) => {
    const [asking, denying, allowing] = [forPeer(custom, peer), forPeer(deny, peer), forPeer(allow, peer)];
    let key = "";
    for (const rules of [asking, denying, allowing]) for (const { number } of rules) key += `${String(number)},`;
    let tree = byRules.get(key);
    if (tree === undefined) {
      const refused = invalid.length === 0 ? refusing(denying) : [...invalid, ...refusing(denying)];
      const decided = denyThenAllow(refused, passing(allowing), otherwise, answers);
      if (asking.length === 0) tree = decided;
      else {
        // Somebody else is asked before tokens are read (pilot/pkg/networking/core/listener_builder.go, buildHCMFilters).
        const asked = leading(
          (reasons) => undefinedChoice<CallTree>("external-authorization", [answers.denied(reasons), decided], reasons),
          [],
        )(asking);
        tree = asked.length === 0 ? decided : listOf([...asked, catchAll(decided)], answers.denied([]));
      }
      byRules.set(key, tree);
    }
    return tree;
  };
}

function policyRule(condition: WrittenCondition, leadsTo: CallTree): PolicyRule {
  const { text, methods, path, headers, also, except } = condition;
  const key = conditionKey(condition);
  // Written out: objects made by spreading are slow to make and to look at.
  if (headers === undefined && also === undefined && except === undefined) return { text, methods, path, key, leadsTo };
  return {
    text,
    methods,
    path,
    ...(headers && { headers }),
    ...(also && { also }),
    ...(except && { except }),
    key,
    leadsTo,
  };
}

function forPeer(rules: readonly ReadRule[], peer: Peer): readonly ReadRule[] {
  return rules.length === 0 ? rules : rules.filter((rule) => rule.isFor(peer));
}

/** What becomes of tokens that are not valid. */
function invalidTokens(policies: readonly RequestAuthenticationState[], { denied }: Answers): readonly PolicyRule[] {
  const because = policies.map(({ object }) => ({ text: `${describeObject(object)} takes no such token`, object }));
  return refusedTokens(policies.flatMap(({ rules }) => rules)).map(({ condition, status }) =>
    policyRule(condition, { ...denied(because), ...(status === 401 && { status }) }),
  );
}

/** Why a request meets what comes after all rules. */
function withoutRule(allow: readonly AuthorizationPolicyState[], authority: string | undefined): readonly Reason[] {
  return allow.length === 0
    ? [{ text: "no AuthorizationPolicy with action ALLOW selects the workload: what none denies passes" }]
    : [
        { text: "no ALLOW policy of the workload allows it" },
        ...allow.flatMap((policy) => [
          { text: describeObject(policy.object), object: policy.object },
          ...(authority === undefined ? [] : otherHosts(policy, authority)),
        ]),
      ];
}

/** Rules that are for other Host headers than any that calls to a Service have. */
function otherHosts({ object, rules }: AuthorizationPolicyState, authority: string): readonly Reason[] {
  return rules.flatMap(({ index, to }) =>
    to.flatMap(({ hosts }, at): readonly Reason[] => {
      if (hosts === undefined || namesOf(authority).some((name) => isHostAmong(hosts, name))) return [];
      const text = `its rule ${String(index + 1)} is for the Host ${hosts.join(", ")}, not for ${authority}`;
      return [{ text, object, path: ["spec", "rules", index, "to", at, "operation", "hosts"] }];
    }),
  );
}

function denyThenAllow(
  refusing: readonly PolicyRule[],
  passing: readonly PolicyRule[],
  otherwise: CallTree,
  { denied }: Answers,
): CallTree {
  const rules = refusing.length === 0 ? passing : [...refusing, ...passing];
  const first = rules.findIndex(isAnyRequest);
  const last = first < 0 ? otherwise : (rules[first]?.leadsTo ?? otherwise);
  const before = first < 0 ? rules : rules.slice(0, first);
  // A rule that leads where the rest leads is not told apart from it.
  const tells = ({ leadsTo }: PolicyRule): boolean =>
    leadsTo.kind !== "end" || last.kind !== "end" || leadsTo.outcome !== last.outcome || leadsTo.status !== last.status;
  if (!before.some(tells)) return last;
  return last.kind === "end" ? listOf(before, last) : listOf([...before.filter(tells), catchAll(last)], denied([]));
}

function conditionsOf(met: Met): readonly WrittenCondition[] {
  return met === "always" ? [everything] : met === "never" ? [] : met;
}

function reasonOf({ object }: AuthorizationPolicyState, { index }: RuleState): Reason {
  return { text: `${describeObject(object)} rule ${String(index + 1)}`, object, path: ["spec", "rules", index] };
}

function catchAll(tree: CallTree): PolicyRule {
  return { ...everything, key: conditionKey(everything), leadsTo: tree };
}

const then = ({ leadsTo }: PolicyRule): CallTree => leadsTo;

const because = (): readonly Reason[] => [];

function listOf(rules: readonly PolicyRule[], otherwise: End): Rules<PolicyRule> {
  return {
    kind: "rules",
    list: { rules, groups: [{ source: "AuthorizationPolicies", rules }] },
    then,
    because,
    otherwise,
  };
}
