import {
  type Policies,
  type PolicyConfigSchema,
  type ReportViolation,
  type ResourceValidationArgs,
  type StackValidationArgs,
} from "@pulumi/policy";
import {
  everyPool,
  inlinePools,
  NotKnownYet,
  type Part,
  problemsOf,
  type Rule,
  rules,
  type Settings,
  Undecidable,
} from "../rules";
import { isCluster, isOfAks, isPool } from "./aks-types";
import { clustersOf } from "./deployments";
import { note } from "./seen";

/** A policy for each rule, and one that says which of them a preview cannot decide. */
export const aksPolicies: Policies = [...rules.map(policyOf), undecided()];

function policyOf(rule: Rule): Policies[number] {
  return {
    name: rule.name,
    description: `${rule.title}.`,
    enforcementLevel: rule.level,
    remediationSteps: rule.remedy,
    ...(rule.settings && { configSchema: schemaOf(rule.settings) }),
    validateResource: (args: ResourceValidationArgs, report: ReportViolation) => {
      const inputs = ofAks(args);
      const found = verdict(() => problemsOfResource(rule, args.type, inputs, args.getConfig<Settings>()));
      for (const problem of found.problems) report(sentence(rule, problem));
    },
    validateStack: (args: StackValidationArgs, report: ReportViolation) => {
      if (rule.about !== "deployment") return;
      for (const { urn, deployment } of clustersOf(args.resources)) {
        const found = verdict(() => problemsOf(rule, deployment, args.getConfig<Settings>()));
        for (const problem of found.problems) report(sentence(rule, problem), urn);
      }
    },
  };
}

/** Says what a preview leaves open: neither a pass nor a violation. */
function undecided(): Policies[number] {
  return {
    name: "aks-not-decided",
    description: "Every rule about AKS can be decided.",
    enforcementLevel: "advisory",
    validateResource: (args: ResourceValidationArgs, report: ReportViolation) => {
      const inputs = ofAks(args);
      const open = rules.map((rule) => ({ rule, ...verdict(() => problemsOfResource(rule, args.type, inputs, {})) }));
      for (const text of openTexts(open)) report(text);
    },
    validateStack: (args: StackValidationArgs, report: ReportViolation) => {
      for (const { urn, deployment } of clustersOf(args.resources)) {
        const about = rules.filter((rule) => rule.about === "deployment");
        const open = about.map((rule) => ({ rule, ...verdict(() => problemsOf(rule, deployment)) }));
        for (const text of openTexts(open)) report(text, urn);
      }
    },
  };
}

/** What a rule says, or why it cannot. */
interface Verdict {
  readonly problems: readonly string[];
  /** Why it cannot be decided. */
  readonly open?: NotKnownYet | Undecidable;
}

function verdict(problems: () => readonly string[]): Verdict {
  try {
    return { problems: problems() };
  } catch (error) {
    if (error instanceof NotKnownYet || error instanceof Undecidable) return { problems: [], open: error };
    throw error;
  }
}

/** A sentence for each reason, with the rules that it leaves open. */
function openTexts(verdicts: readonly (Verdict & { readonly rule: Rule })[]): readonly string[] {
  const reasons = new Map<string, string[]>();
  for (const { rule, open } of verdicts) {
    if (open === undefined) continue;
    const reason = open instanceof NotKnownYet ? `${open.message}: \`pulumi up\` decides` : open.message;
    reasons.set(reason, [...(reasons.get(reason) ?? []), rule.name]);
  }
  return [...reasons].map(([reason, names]) => `${reason.replace(/\.$/, "")}. Not decided: ${names.join(", ")}.`);
}

/** Notes a resource that the rules look at; ends the policy for any other. */
function ofAks(args: ResourceValidationArgs): Part {
  if (!isOfAks(args.type)) return args.notApplicable("The rules are about AKS clusters and what belongs to them.");
  return note(args).inputs;
}

/** What a rule says about one resource alone. */
function problemsOfResource(rule: Rule, type: string, inputs: Part, settings: Settings): readonly string[] {
  if (rule.about === "cluster" && isCluster(type)) return rule.problems(inputs, settings);
  if (rule.about === "pool" && isPool(type)) return rule.problems(inputs, settings);
  if (rule.about === "pool" && isCluster(type)) {
    return everyPool(inlinePools(inputs), (pool) => rule.problems(pool, settings));
  }
  return [];
}

function sentence({ remedy, ids }: Rule, problem: string): string {
  return `${problem.charAt(0).toUpperCase()}${problem.slice(1)}. ${remedy}${ids.length > 0 ? ` (${ids.join(", ")})` : ""}`;
}

function schemaOf(settings: NonNullable<Rule["settings"]>): PolicyConfigSchema {
  return { properties: { ...settings } };
}
