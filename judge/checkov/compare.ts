import { inlinePools, problemsOf, rules } from "../../policy-pack/rules";
import { type CheckovVerdicts } from "./ask";
import { type CheckovCase } from "./cases";

/** A rule that both have, and that they answer differently. */
export interface Difference {
  /** Of the case. */
  readonly name: string;
  /** checkov's id of the rule. */
  readonly id: string;
  /** Whether our rule holds. */
  readonly ours: boolean;
}

/** Why verdicts differ: checkov's rule, the cases by their names, and which of both is right about Azure. */
interface Explanation {
  readonly id: string;
  readonly cases: RegExp;
  readonly ours: boolean;
  readonly reason: string;
}

/** Rules about pools that checkov has for ARM's clusters, or for Terraform's `default_node_pool`. */
const firstPoolAlone = (id: string, cases: RegExp): Explanation => ({
  id,
  cases,
  ours: false,
  reason: "checkov looks at a cluster's first inline pool alone; a node is no safer for being in another pool.",
});

/** Every known difference. */
export const explanations: readonly Explanation[] = [
  {
    id: "CKV_AZURE_6",
    cases: /^(secure|apiServerAccessProfile \{"enablePrivateCluster":true\})$/,
    ours: true,
    reason: "A private cluster has no public address that ranges could be for. Azure Policy (0e246bcf) passes it too.",
  },
  {
    id: "CKV_AZURE_7",
    cases: /^networkProfile\.networkPolicy "none"$/,
    ours: false,
    reason: 'checkov passes any text, and "none" is AKS\'s name for no network policy at all. PSRule does not pass it.',
  },
  {
    id: "CKV_AZURE_8",
    cases: /^(stack \w+|secure|addonProfiles\.kubeDashboard not set)$/,
    ours: true,
    reason:
      "checkov wants `enabled: false`; AKS has removed the add-on, so that a cluster that does not name it has none.",
  },
  {
    id: "CKV_AZURE_169",
    cases: / type not set$/,
    ours: false,
    reason: "checkov passes what is no availability set; the rule wants scale sets by name, as PSRule does.",
  },
  {
    id: "CKV_AZURE_170",
    cases: /^sku\.tier "Premium"$/,
    ours: true,
    reason: "checkov knows Standard alone; Premium has the same agreement about uptime.",
  },
  {
    id: "CKV_AZURE_172",
    cases: /(?<!enableSecretRotation ("false"|not set))$/,
    ours: true,
    reason:
      "checkov wants the boolean true; an add-on's configuration is a map of texts, and ARM refuses a boolean there.",
  },
  firstPoolAlone("CKV_AZURE_168", /^second pool maxPods (49|not set)$/),
  firstPoolAlone("CKV_AZURE_169", /^(second|own) pool type "AvailabilitySet"$/),
  firstPoolAlone("CKV_AZURE_226", /^(second|own) pool osDiskType ("Managed"|not set)$/),
  firstPoolAlone("CKV_AZURE_227", /^second pool enableEncryptionAtHost (false|not set)$/),
  firstPoolAlone("CKV_AZURE_143", /^(second|own) pool enableNodePublicIP true$/),
  firstPoolAlone("CKV_AZURE_232", /^(second|own) pool nodeTaints (\["other.*|not set)$/),
];

/** Where checkov and the rules differ, and how many verdicts were compared. */
export function differences(cases: readonly CheckovCase[], verdicts: readonly CheckovVerdicts[]) {
  const different: Difference[] = [];
  let compared = 0;
  for (const [index, { name, cluster, pools }] of cases.entries()) {
    const deployment = {
      cluster,
      pools: [...inlinePools(cluster), ...pools],
      diagnostics: [],
      windows: [],
      subnets: [],
      foreignSubnets: [],
    };
    for (const rule of rules) {
      for (const id of rule.ids.filter((one) => one.startsWith("CKV"))) {
        const theirs = verdicts[index]?.[id];
        if (theirs === undefined) throw new Error(`checkov says nothing of ${id} about ${name}.`);
        const ours = problemsOf(rule, deployment).length === 0;
        compared += 1;
        if (ours !== theirs) different.push({ name, id, ours });
      }
    }
  }
  return { compared, different };
}

/** Differences for which there is no explanation. */
export function unexplained(different: readonly Difference[]): readonly Difference[] {
  return different.filter(
    ({ name, id, ours }) => !explanations.some((one) => one.id === id && one.ours === ours && one.cases.test(name)),
  );
}
