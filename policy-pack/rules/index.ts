import {
  accessRules,
  addonRules,
  laterClusterRules,
  nameRules,
  networkRules,
  securityRules,
  upgradeRules,
  versionRules,
} from "./cluster-rules";
import { poolVersionRules, surroundingRules } from "./deployment-rules";
import { isPart, listAt } from "./inputs";
import { countRules, laterPoolRules, nodeRules, poolRules } from "./pool-rules";
import { type Deployment, everyPool, type Rule, type Settings } from "./rule";

export { at, isPart, listAt, NotKnownYet, notKnown, type Part, textAt } from "./inputs";
export {
  type Deployment,
  everyPool,
  type Level,
  type Rule,
  type Setting,
  type Settings,
  poolName,
  Undecidable,
} from "./rule";

/** All rules, in the order of docs/aks-baseline.md: a rule's number there is its place here. */
export const rules: readonly Rule[] = [
  ...accessRules,
  ...networkRules,
  ...addonRules,
  ...upgradeRules,
  ...securityRules,
  ...poolRules,
  ...countRules,
  ...nodeRules,
  ...versionRules,
  ...poolVersionRules,
  ...nameRules,
  ...surroundingRules,
  ...laterClusterRules,
  ...laterPoolRules,
];

/** Pools of a cluster's own inputs. */
export function inlinePools(cluster: unknown) {
  return listAt(cluster, "agentPoolProfiles").filter(isPart);
}

/** What a rule says about a whole deployment; nothing where it holds. */
export function problemsOf(rule: Rule, whole: Deployment, settings: Settings = {}): readonly string[] {
  if (rule.about === "deployment") return rule.problems(whole, settings);
  if (rule.about === "cluster") return rule.problems(whole.cluster, settings);
  return everyPool(whole.pools, (pool) => rule.problems(pool, settings));
}
