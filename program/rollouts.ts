import * as pulumi from "@pulumi/pulumi";
import { type ApplicationRollout, type WorkloadObject } from "../components/application";
import { isPlain } from "../components/mesh-policies/known";
import { type MeshName } from "../mesh";
import { isJsonObject, type KubernetesObject } from "../mesh/manifests";
import { type Policy } from "../mesh/policy";
import { noHeaderRoutes } from "../mesh/policy/header-routes";
import {
  askGate,
  gateIsDue,
  type Move,
  nextMove,
  readAskedMove,
  readRolloutStates,
  rolloutProblems,
  type RolloutRule,
  type RolloutState,
  versionOf,
} from "../rollout";
import { gatePrometheus, type GatePrometheus } from "./gate-prometheus";
import { type StackOutputs } from "./last-outputs";
import { type ServiceName, serviceNamed } from "./service-named";

/** What rollouts are decided by. */
export interface RolloutArgs {
  readonly rules: readonly RolloutRule[];
  readonly policy: Policy | undefined;
  /** What is deployed, before anything in it is renamed. */
  readonly objects: readonly (KubernetesObject | WorkloadObject)[];
  readonly mesh: MeshName;
  /** The stack is a preview: it stays at the first step and asks nobody. */
  readonly isPreview: boolean;
  /** Address of the Prometheus that gates ask. Default: the stack's own of Azure, once it is there. */
  readonly prometheus: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  /** What the stack's last run left. */
  readonly outputs: StackOutputs;
}

/** What part of the calls each version gets in this run, and where that leaves the rollouts. */
export interface DecidedRollouts {
  readonly rollouts: readonly ApplicationRollout[];
  /** By `namespace/service` of the root. Undefined where nothing is kept. */
  readonly moves: Readonly<Record<string, Move>> | undefined;
}

/** A rule in the names of Kubernetes. */
interface Named {
  readonly rule: RolloutRule;
  readonly namespace: string;
  readonly root: string;
  readonly stable: string;
  readonly canary: string;
}

/**
 * Decides how far each rollout goes with this run, and says so: in the preview, too.
 *
 * @throws RunError for a rule that cannot be meant, and where it cannot be told where the last run left off.
 */
export async function decideRollouts(args: RolloutArgs): Promise<DecidedRollouts> {
  const { rules, isPreview, outputs, environment } = args;
  if (rules.length === 0) return { rollouts: [], moves: undefined };
  const matching = args.mesh === "osm" ? rules.findIndex(({ match = [] }) => match.length > 0) : -1;
  const problems = [
    ...rolloutProblems(rules),
    ...(matching === -1 ? [] : [`rollouts[${String(matching)}].match: ${noHeaderRoutes}.`]),
  ];
  if (problems.length > 0) throw new pulumi.RunError(problems.join("\n"));
  const named = rules.map((rule, index) => inKubernetes(args, rule, `rollouts[${String(index)}]`));
  if (isPreview)
    return { rollouts: named.map((one) => shared(one, one.rule.steps[0] ?? 0, "progressing")), moves: undefined };

  const asked = orRunError("", () => readAskedMove(environment["AKS_MESH_ROLLOUT"]));
  const keys = named.map(({ namespace, root }) => `${namespace}/${root}`);
  if (asked?.root !== undefined && !keys.includes(asked.root)) {
    throw new pulumi.RunError(`AKS_MESH_ROLLOUT: there is no rollout of ${asked.root}; there are ${keys.join(", ")}.`);
  }
  const states = orRunError("", () => readRolloutStates(outputs["rollouts"]));
  const prometheus = gatePrometheus(args.prometheus, outputs["metrics"], environment);
  const decided = await Promise.all(
    named.map(async (one, index) => {
      const key = keys[index] ?? "";
      const objects = plainObjects(args.objects, one.namespace, `rollouts[${String(index)}]`);
      const version = orRunError(`rollouts[${String(index)}].canary: `, () =>
        versionOf(`${one.namespace}/${one.canary}`, objects),
      );
      const forThis = asked?.root === undefined || asked.root === key ? asked?.kind : undefined;
      const move = await moved(one, args.mesh, version, states.get(key), forThis, prometheus);
      const say = move.warns ? pulumi.log.warn : pulumi.log.info;
      await say(`rollout of ${key}: ${move.text}`);
      return { key, move, rollout: shared(one, move.state.weight, move.state.phase) };
    }),
  );
  return {
    rollouts: decided.map(({ rollout }) => rollout),
    moves: Object.fromEntries(decided.map(({ key, move }) => [key, move])),
  };
}

/**
 * Where rollouts stand after this run: the stack's output, which the next one begins with. A step begins once it is carried out, pods included:
 * what was answered before that, by the version before, is no part of it.
 *
 * @param carriedOut known as soon as all is in place.
 */
export function standingAfter(
  moves: Readonly<Record<string, Move>>,
  carriedOut: pulumi.Output<unknown>,
): Readonly<Record<string, pulumi.Input<unknown>>> {
  return Object.fromEntries(
    Object.entries(moves).map(([root, { state, moves: hasMoved }]) => [
      root,
      hasMoved ? begun(state, carriedOut) : state,
    ]),
  );
}

/** A preview does not know when, so that an update by its plan may say it. */
function begun(state: RolloutState, carriedOut: pulumi.Output<unknown>): pulumi.Output<unknown> {
  const since = carriedOut.apply(() => new Date().toISOString());
  return pulumi.output<unknown>({ ...state, since: pulumi.runtime.isDryRun() ? pulumi.unknown : since });
}

async function moved(
  { rule, namespace, stable, canary }: Named,
  mesh: MeshName,
  version: string,
  before: RolloutState | undefined,
  asked: "next" | "back" | "hold" | undefined,
  prometheus: GatePrometheus,
): Promise<Move> {
  const now = new Date();
  const input = { stable, canary, version, before, asked, now };
  const seconds = before === undefined ? 0 : (now.getTime() - Date.parse(before.since)) / 1000;
  const place = { mesh, canary: `${namespace}/${canary}`, seconds };
  const gate = gateIsDue(input) ? await askGate(rule.gate ?? {}, place, prometheus) : undefined;
  return nextMove({ ...input, rule, gate });
}

/** A version that failed, or that somebody took back, gets no call: none by a header either. */
function shared(
  { rule, namespace, root, stable, canary }: Named,
  weight: number,
  phase: RolloutState["phase"],
): ApplicationRollout {
  const match = phase === "failed" || phase === "stopped" ? undefined : rule.match;
  return {
    ...{ namespace, root, stable, canary, weight },
    ...(rule.name !== undefined && { name: rule.name }),
    ...(match && { match }),
  };
}

function inKubernetes({ policy }: RolloutArgs, rule: RolloutRule, place: string): Named {
  const root = serviceNamed(policy, rule.root, `${place}.root`);
  const inPlace = (part: "stable" | "canary"): ServiceName => {
    const found = serviceNamed(policy, rule[part], `${place}.${part}`);
    if (found.namespace === root.namespace) return found;
    throw new pulumi.RunError(
      `${place}.${part}: ${rule[part]} is in the namespace ${found.namespace}, and the root in ${root.namespace}; a split shares calls out within one namespace.`,
    );
  };
  const [stable, canary] = [inPlace("stable"), inPlace("canary")];
  return { rule, namespace: root.namespace, root: root.name, stable: stable.name, canary: canary.name };
}

/** The objects of a namespace that can have a part in a version. */
function plainObjects(objects: RolloutArgs["objects"], namespace: string, place: string): readonly KubernetesObject[] {
  return objects.flatMap((object): KubernetesObject[] => {
    const { apiVersion, kind, metadata } = object;
    const own: unknown = metadata;
    const { name, namespace: of } = isJsonObject(own) ? own : {};
    if (typeof name !== "string" || of !== namespace) return [];
    const spec: unknown = Reflect.get(object, "spec");
    if (!isPlain(spec)) {
      throw new pulumi.RunError(
        `${place}: the version of a canary is told by the templates of its pods, and ${kind} ${namespace}/${name} has parts that are not known before the engine runs. Write plain values.`,
      );
    }
    return [Object.assign({ apiVersion, kind, metadata: { name, namespace } }, { spec })];
  });
}

/** What an error says without where in the code, for people. */
function orRunError<T>(before: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new pulumi.RunError(`${before}${error instanceof Error ? error.message : String(error)}`);
  }
}
