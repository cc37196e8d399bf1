import { log, RunError } from "@pulumi/pulumi";
import { type TrafficSplit } from "../../mesh/osm/kinds";
import { chainKind } from "../../mesh/osm/proxy/outbound";
import { protocolOf } from "../../mesh/osm/state";
import { type KubernetesObject } from "../../mesh/manifests";
import { type HeaderRoute } from "../../mesh/policy";
import { listAt, textAt } from "../../mesh/manifests/inside";
import { type MeshPoliciesArgs } from "../mesh-policies";
import { differencesOfVersions, differenceText } from "../mesh-policies/interchangeable";
import { isService } from "./addresses";
import { type ApplicationArgs, type ApplicationRollout } from "./args";
import { renamed, type Renaming } from "./namespaces";

/** Differences that a refusal names at most. */
const mostNamed = 5;

/**
 * The TrafficSplits of rollouts. A version without calls stays in it with the weight 0, so that its pods answer to the root's name before the first
 * call comes and after the last one came. Of a root with TCP it is left out: there Envoy takes no backend of weight 0.
 *
 * @param written the objects that there are besides: TrafficSplits and Canaries, and Services.
 * @throws RunError where another split has the same root, or a weight is none.
 */
export function splitsOf(
  { rollouts = [], policy }: Pick<ApplicationArgs, "rollouts" | "policy">,
  written: readonly KubernetesObject[],
): readonly TrafficSplit[] {
  const taken = splitRoots(policy, written);
  const problems: string[] = [];
  const splits = rollouts.map(({ namespace, root, name = root, stable, canary, weight }, index): TrafficSplit => {
    const other = taken.get(`${namespace}/${root}`);
    if (other !== undefined) {
      problems.push(
        `rollouts[${String(index)}]: ${other}, and the weights of ${namespace}/${root} are the rollout's: one of the two has to go.`,
      );
    }
    if (!Number.isInteger(weight) || weight < 0 || weight > 100) {
      problems.push(`rollouts[${String(index)}].weight: ${String(weight)} is no share; write whole percent, 0 to 100.`);
    }
    const both = [
      { service: stable, weight: 100 - weight },
      { service: canary, weight },
    ];
    const backends = speaksTcp(written, namespace, root) ? both.filter((backend) => backend.weight > 0) : both;
    return {
      apiVersion: "split.smi-spec.io/v1alpha2",
      kind: "TrafficSplit",
      metadata: { name, namespace },
      spec: { service: root, backends },
    };
  });
  if (problems.length > 0) throw new RunError(problems.join("\n"));
  return splits;
}

function speaksTcp(written: readonly KubernetesObject[], namespace: string, root: string): boolean {
  const service = written.find(
    (object) => isService(object) && object.metadata.namespace === namespace && object.metadata.name === root,
  );
  return listAt(service, "spec", "ports").some((port) => {
    const appProtocol = textAt(port, "appProtocol");
    return chainKind(protocolOf({ name: textAt(port, "name") ?? "", ...(appProtocol && { appProtocol }) })) === "tcp";
  });
}

/** Which requests rollouts' canaries get by a header. */
export function headerRoutesOf(rollouts: readonly ApplicationRollout[], renaming: Renaming): readonly HeaderRoute[] {
  return rollouts.flatMap(({ namespace, root, canary: to, match = [] }) =>
    match.map(({ headers }) => ({ namespace: renamed(renaming, namespace), root, to, headers })),
  );
}

/** Services whose calls a policy, a TrafficSplit or a Canary of Flagger's splits, `namespace/name`, each with a sentence that says who. */
export function splitRoots(
  policy: ApplicationArgs["policy"],
  written: readonly KubernetesObject[],
): ReadonlyMap<string, string> {
  const taken = new Map<string, string>();
  for (const { root, name } of policy?.splits ?? []) {
    const { namespace = "", service = root } = policy?.services[root] ?? {};
    taken.set(`${namespace}/${service}`, `policy.splits has ${name ?? service}`);
  }
  for (const object of written.filter(({ kind }) => kind === "TrafficSplit")) {
    const spec: unknown = Reflect.get(object, "spec");
    const service: unknown = typeof spec === "object" && spec !== null ? Reflect.get(spec, "service") : undefined;
    const { namespace = "", name } = object.metadata;
    if (typeof service === "string") {
      taken.set(`${namespace}/${service.split(".")[0] ?? ""}`, `there is the TrafficSplit ${namespace}/${name}`);
    }
  }
  for (const object of written.filter(({ kind }) => kind === "Canary")) {
    const { namespace = "", name } = object.metadata;
    const service = textAt(object, "spec", "service", "name") ?? textAt(object, "spec", "targetRef", "name");
    taken.set(`${namespace}/${service ?? name}`, `there is the Canary ${namespace}/${name}`);
  }
  return taken;
}

/**
 * Proves that what any caller may do is the same with either version, so that a step changes nothing but who answers.
 *
 * @param setting what the rollouts are written as, for messages.
 * @throws RunError where a canary gets calls and it is not so.
 */
export function refuseUnequalVersions(
  args: MeshPoliciesArgs,
  rollouts: readonly ApplicationRollout[],
  renaming: Renaming,
  setting: "rollouts" | "canaries",
): void {
  for (const { root, name = root, stable, canary, weight, match = [], ...rollout } of rollouts) {
    const namespace = renamed(renaming, rollout.namespace);
    const differences = differencesOfVersions(args, { namespace, name, stable, canary }, setting);
    if (differences.length === 0) continue;
    const lines = differences.slice(0, mostNamed).map((one) => `- ${differenceText(one)}`);
    const more = differences.length > mostNamed ? [`- and ${String(differences.length - mostNamed)} more`] : [];
    const text = [
      `${setting}: calls to ${namespace}/${root} do not end alike at ${canary} and at ${stable}. With all of them at ${canary}:`,
      ...lines,
      ...more,
      `Let who may call ${stable} call ${canary} as well, with the same routes and ports.`,
    ].join("\n");
    if (weight > 0 || match.length > 0) throw new RunError(text);
    void log.warn(text);
  }
}
