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
import { anyRequest, isAnyRequest } from "./matcher";
import { type Reading } from "./peer";
import { type Met, type Sending, whenMet, type WrittenCondition } from "./rule";

/** Policies that select a workload, by what they do. Those that are only tried are not among them. */
export interface WorkloadPolicies {
  readonly custom: readonly AuthorizationPolicyState[];
  readonly deny: readonly AuthorizationPolicyState[];
  readonly allow: readonly AuthorizationPolicyState[];
}

/** A rule of a policy, as a sidecar holds requests against it. */
interface PolicyRule extends Rule {
  readonly policy: AuthorizationPolicyState;
  readonly index: number;
  readonly leadsTo: CallTree;
}

/** What sidecars decide about an HTTP request, or a connection, before they pass it on. */
export interface Answers {
  readonly allowed: (because: readonly Reason[]) => CallTree;
  readonly denied: (because: readonly Reason[]) => End;
}

const everything: WrittenCondition = { text: "any request", ...anyRequest };

/**
 * What the policies of a workload come to: those that ask somebody else first, then any DENY, then, where there is any ALLOW policy,
 * only what one of them allows.
 *
 * @param lost why what is allowed comes to nothing all the same; undefined where somebody answers.
 */
export function authorize(
  policies: WorkloadPolicies,
  sending: Sending,
  settings: Reading["settings"],
  backend: string,
  lost: string | undefined,
): CallTree {
  const http = sending.authority !== undefined;
  const answers: Answers = {
    allowed: (because) => (lost === undefined ? end("allowed", because, backend) : failure(http, lost, because)),
    denied: (because) => (http ? end("denied", because, backend) : failure(false, undefined, because)),
  };
  const decided = denyThenAllow(policies, sending, settings, answers);
  if (policies.custom.length === 0) return decided;
  const asked = metRules(policies.custom, sending, settings, (reasons) =>
    undefinedChoice<CallTree>("external-authorization", [answers.denied(reasons), decided], reasons),
  );
  return asked.length === 0 ? decided : listOf([...asked, catchAll(decided)], answers.denied([]));
}

function denyThenAllow(
  { deny, allow }: WorkloadPolicies,
  sending: Sending,
  settings: Reading["settings"],
  { allowed, denied }: Answers,
): CallTree {
  const refusing = metRules(deny, sending, settings, denied);
  const passing = metRules(allow, sending, settings, allowed);
  const none: readonly Reason[] =
    allow.length === 0
      ? [{ text: "no AuthorizationPolicy with action ALLOW selects the workload: what none denies passes" }]
      : [
          { text: "no ALLOW policy of the workload allows it" },
          ...allow.map(({ object }) => ({ text: describeObject(object), object })),
        ];
  const rules = [...refusing, ...passing];
  const first = rules.findIndex(isAnyRequest);
  const otherwise = allow.length === 0 ? allowed(none) : denied(none);
  const last = first < 0 ? otherwise : (rules[first]?.leadsTo ?? otherwise);
  const before = first < 0 ? rules : rules.slice(0, first);
  // A rule that leads where the rest leads is not told apart from it.
  const telling = before.filter(
    ({ leadsTo }) => leadsTo.kind !== "end" || last.kind !== "end" || leadsTo.outcome !== last.outcome,
  );
  if (telling.length === 0 || last.kind !== "end")
    return telling.length === 0 ? last : listOf([...telling, catchAll(last)], denied([]));
  return listOf(before, last);
}

/** All the rules of policies that a sending may meet, each condition of each rule. */
function metRules(
  policies: readonly AuthorizationPolicyState[],
  sending: Sending,
  settings: Reading["settings"],
  leads: (because: readonly Reason[]) => CallTree,
): readonly PolicyRule[] {
  return policies.flatMap((policy) =>
    policy.rules.flatMap((rule) => {
      const met = whenMet(policy, rule, sending, settings);
      if (met === "never") return [];
      const leadsTo = leads([reasonOf(policy, rule)]);
      return conditionsOf(met).map((condition) => ({
        ...condition,
        key: conditionKey(condition),
        policy,
        index: rule.index,
        leadsTo,
      }));
    }),
  );
}

function conditionsOf(met: Exclude<Met, "never">): readonly WrittenCondition[] {
  return met === "always" ? [everything] : met;
}

function reasonOf({ object }: AuthorizationPolicyState, { index }: RuleState): Reason {
  return { text: `${describeObject(object)} rule ${String(index + 1)}`, object, path: ["spec", "rules", index] };
}

function catchAll(tree: CallTree): Pick<PolicyRule, "key" | "methods" | "path" | "leadsTo"> {
  return { ...everything, key: conditionKey(everything), leadsTo: tree };
}

function listOf(
  rules: readonly Pick<PolicyRule, keyof Rule | "leadsTo">[],
  otherwise: End,
): Rules<Pick<PolicyRule, keyof Rule | "leadsTo">> {
  return {
    kind: "rules",
    list: { rules, groups: [{ source: "AuthorizationPolicies", rules }] },
    then: (rule) => rule.leadsTo,
    because: () => [],
    otherwise,
  };
}
