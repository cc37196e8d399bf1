import { type AccessChange, DiffTooLarge } from "../../mesh";
import { anyRevision, equalExtent, migrated, type Proof, proveBack } from "../../mesh/convert";
import { istioMesh } from "../../mesh/istio";
import { type KubernetesObject } from "../../mesh/manifests";
import { osmMesh } from "../../mesh/osm";
import { monitoredNamespaces, osmRuns, type PodFate, podsWithout } from "./pods";
import { back, firstStep, forward, gapOf, type Position, type Step } from "./steps";

/** What is known of a stack before its cluster moves to another mesh. */
export interface Facts {
  readonly stack: string;
  readonly position: Position;
  /** What the analysis reads, as the cluster has it. */
  readonly objects: readonly KubernetesObject[];
  /** What the program makes, as `Kind namespace/name`, or `Namespace name`. */
  readonly owned: ReadonlySet<string>;
  /** The last `pulumi up` that came to its end had these settings. */
  readonly settled: boolean;
}

/** What the program will make of its policies on Istio; or why it cannot. */
export type Target = { readonly objects: readonly KubernetesObject[] } | { readonly refused: string };

/** Something that a person has to decide or do before anything begins. */
export interface Obstacle {
  readonly text: string;
  /** The option by which a person says that it is known. */
  readonly option?: "accept-changes" | "others-by-hand";
}

/** A move, before it begins or where it was interrupted. */
export interface Plan {
  readonly stack: string;
  readonly to: "istio" | "osm";
  readonly steps: readonly Step[];
  /** Index of the step to begin with. */
  readonly first: number;
  /** Nothing has to be done: the stack runs that mesh. */
  readonly arrived: boolean;
  readonly gap: ReturnType<typeof gapOf>;
  readonly obstacles: readonly Obstacle[];
  /** Of the program's own namespaces; undefined on the way back, and once Open Service Mesh is off. */
  readonly proof: Proof | undefined;
  readonly extent: string;
  readonly namespaces: readonly string[];
  /** Namespaces of Open Service Mesh that the program does not make. */
  readonly others: readonly string[];
  readonly pods: readonly PodFate[];
}

/** Namespaces that the program makes and that are in a mesh, or are to be. */
export function ownNamespaces(owned: ReadonlySet<string>): readonly string[] {
  return [...owned].flatMap((name) => (name.startsWith("Namespace ") ? [name.slice("Namespace ".length)] : []));
}

/** Options by which a person says what is known. */
export interface Accepted {
  readonly "accept-changes"?: boolean | undefined;
  readonly "others-by-hand"?: boolean | undefined;
}

/** The move of a stack to Istio. */
export function planForward(facts: Facts, target: Target | undefined): Plan {
  const { stack, position, objects, owned, settled } = facts;
  const begun = firstStep(forward, position, osmRuns(objects));
  const namespaces = ownNamespaces(owned);
  const others = monitoredNamespaces(objects).filter((name) => !namespaces.includes(name));
  const pods = podsWithout("istio", objects, namespaces, owned);
  const done = forward[begun]?.id === "policies" && pods.length === 0 && settled;
  // What is left is removed when somebody asks for it.
  const first = done ? forward.length - 1 : begun;
  const proved = target === undefined || "refused" in target ? undefined : prove(objects, namespaces, target.objects);
  return {
    ...{ stack, to: "istio", steps: forward, first, arrived: done, gap: gapOf(forward), extent: equalExtent },
    // What has begun has to come to its end.
    obstacles:
      first > 0
        ? []
        : [
            ...(target !== undefined && "refused" in target ? [{ text: target.refused }] : []),
            ...(proved instanceof DiffTooLarge ? [{ text: proved.message }] : []),
            ...(proved === undefined || proved instanceof DiffTooLarge || proved.changes.length === 0
              ? []
              : [{ text: changesText(proved.changes), option: "accept-changes" as const }]),
            ...(others.length === 0 ? [] : [{ text: othersText(others), option: "others-by-hand" as const }]),
          ],
    proof: proved instanceof DiffTooLarge ? undefined : proved,
    ...{ namespaces, others, pods },
  };
}

/** The way back to Open Service Mesh. */
export function planBack(facts: Facts): Plan {
  const { stack, position, objects, owned, settled } = facts;
  const runs = osmRuns(objects);
  const namespaces = ownNamespaces(owned);
  const pods = podsWithout("osm", objects, namespaces, owned);
  const [mesh, stage] = [position.mesh ?? "osm", position.meshMigration];
  return {
    ...{ stack, to: "osm", steps: back, gap: gapOf(back), extent: equalExtent, proof: undefined, obstacles: [] },
    // Where mesh is osm and nothing is under way, the last `pulumi up` may have been cut off.
    first: mesh === "osm" && stage === undefined ? 2 : firstStep(back, { mesh, meshMigration: stage }, runs),
    arrived: mesh === "osm" && stage === undefined && runs && pods.length === 0 && settled,
    ...{ namespaces, others: [], pods },
  };
}

/** The obstacles that nobody has accepted. */
export function standing({ obstacles }: Pick<Plan, "obstacles">, accepted: Accepted): readonly Obstacle[] {
  return obstacles.filter(({ option }) => option === undefined || accepted[option] !== true);
}

/** Compares what passes in the cluster as it runs with what will pass with the program's objects of Istio. */
function prove(
  objects: readonly KubernetesObject[],
  namespaces: readonly string[],
  istio: readonly KubernetesObject[],
): Proof | DiffTooLarge {
  const before = osmMesh({ objects });
  const after = [...migrated(objects, before, { objects: [], namespaces }, anyRevision), ...istio];
  try {
    return proveBack(before, istioMesh({ objects: after }), new Set());
  } catch (error) {
    if (error instanceof DiffTooLarge) return error;
    throw error;
  }
}

function changesText(changes: readonly AccessChange[]): string {
  const count = changes.length === 1 ? "1 change" : `${String(changes.length)} changes`;
  return `Istio's policies of the program are not equal to what runs: ${count}, below. Change the policy on Open Service Mesh first, so that both say the same`;
}

function othersText(others: readonly string[]): string {
  return (
    `${others.join(", ")}: in Open Service Mesh, and not this program's. They lose encryption and access control for good: whoever has them labels them, ` +
    "restarts their pods, and writes their policies (aks-mesh convert), after the step permissive"
  );
}
