import { RunError } from "@pulumi/pulumi";
import { compile } from "../../mesh";
import { approximationText, type Conversion, convertManifests } from "../../mesh/convert";
import { type IstioObject } from "../../mesh/istio/kinds";
import { nowhere } from "../../mesh/manifests";
import { type Policy, PolicyError } from "../../mesh/policy";
import { type IstioMembership, type MeshPoliciesArgs } from "./args";
import { asKubernetesObject, clusterObjects } from "./cluster";
import { isPlain } from "./known";

/** All objects of Istio: those of the policy, and those that were written for it. */
export function istioObjects(args: MeshPoliciesArgs & { istio: IstioMembership }): readonly IstioObject[] {
  return [...convertedPolicy(args), ...(args.istioObjects ?? [])];
}

/**
 * The objects by which Istio lets pass what Open Service Mesh would let pass of the policy, and nothing else: each namespace is closed
 * before anything is opened.
 *
 * @throws RunError where Istio cannot say it and nobody has chosen, and where what runs is not known yet.
 */
function convertedPolicy(args: MeshPoliciesArgs & { istio: IstioMembership }): readonly IstioObject[] {
  const { istio, policy, ...others } = args;
  const own = new Set(args.namespaces.map(({ name }) => name));
  const around = clusterObjects({ ...others, policy, mesh: { egress: istio.settings?.egress } });
  const later = around.filter(({ value }) => !isPlain(value));
  if (later.length > 0) {
    throw new RunError(
      `istio: policies select pods by their labels, and ${later.map(({ title }) => title).join(", ")} have parts that are not known before the engine ` +
        "runs. Write plain values for names, labels, accounts and ports.",
    );
  }
  const converted = convertManifests(
    {
      objects: [...osmObjects(policy), ...around.map(({ value }) => value)]
        .map(asKubernetesObject)
        .filter((object) => object !== undefined),
      ...{ positions: nowhere, problems: [], notes: [] },
    },
    {
      choices: new Map(Object.entries(istio.choices ?? {})),
      noDefaultRetries: (istio.settings?.retryAttempts ?? 0) === 0,
    },
  );
  const problems = problemsOf(converted);
  if (problems.length > 0) throw new RunError(`policy: Istio cannot do exactly this:\n${problems.join("\n")}`);
  // Other namespaces are closed by whoever onboards them.
  return converted.objects.filter(({ metadata }) => own.has(metadata.namespace) || !isDefault(metadata.name));
}

/** Whether an object is one of those that close a whole namespace. */
function isDefault(name: string): boolean {
  return name === "default" || name === "default-deny";
}

/** The policy as Open Service Mesh has it, the mesh's settings aside. */
function osmObjects(policy: Policy | undefined): readonly unknown[] {
  try {
    return policy === undefined ? [] : compile(policy, "osm").filter(({ kind }) => kind !== "MeshConfig");
  } catch (error) {
    if (error instanceof PolicyError) throw new RunError(`policy: ${error.message}`);
    throw error;
  }
}

/** What stands in the way, each with what to do about it. */
function problemsOf({ open, refused }: Conversion): string[] {
  const choice = (account: string, gaps: Conversion["open"][number]["gaps"]): string => {
    const sides = (["narrower", "wider"] as const).map(
      (side) => `    ${gaps.map((gap) => approximationText(gap, side)).join("; ")}`,
    );
    return [
      `- ${account}: Istio has no patterns of this kind. Write what it has, or choose, as istio.choices["${account}"]:`,
      ...sides,
    ].join("\n");
  };
  return [
    ...open.map(({ account, gaps }) => choice(account, gaps)),
    ...refused.map(({ place, text }) => `- ${place}: ${text}`),
  ];
}
