import { armId, type Inputs } from "./arm-ids";
import { isPatch, kubernetesId } from "./kubernetes-ids";

/** A resource in the engine's state; whatever else it holds is passed on as it is, secrets encrypted. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly custom?: boolean;
  readonly inputs?: Inputs;
  readonly outputs?: Inputs;
  readonly parent?: string;
  /** URN and id of its provider, with `::` between them. */
  readonly provider?: string;
  /** URN of what takes it along when it is deleted. */
  readonly deletedWith?: string;
  readonly dependencies?: readonly string[];
  readonly propertyDependencies?: Readonly<Record<string, readonly string[]>>;
  /** The old half of a replacement, which is to be deleted. */
  readonly delete?: boolean;
  /** The old half of a replacement, which has been deleted already. */
  readonly pendingReplacement?: boolean;
  /** Why the resource is not as it should be: the engine never takes such a one for unchanged. */
  readonly initErrors?: readonly string[];
}

/** What was under way when a run was killed. The engine notes it before it asks a provider for anything. */
export interface PendingOperation {
  readonly type: string;
  readonly resource: StateResource;
}

/** What a state becomes once what a killed run was doing is part of it. */
export interface TakenUp {
  readonly resources: readonly StateResource[];
  /** Resources that may exist although nothing in their inputs says under which id. */
  readonly untold: readonly StateResource[];
}

/**
 * Stands in the state beside each resource on which something was under way, until a refresh has said what became of it. So a recovery
 * that is itself cut off, or cannot reach the cluster, is gone on with; and the engine does not take a resource for deployed
 * that nobody has seen.
 */
const mark = "A run was cut off while it worked on this. `npm run recover` finds out what became of it.";

const unfinished = new Set(["Creating", "Updating", "Upgrading", "Scaling", "Deleting", "Accepted", "Running"]);

/**
 * What Azure or the cluster is still doing with a resource; undefined where it is done. An object with a deletion timestamp is
 * there until its finalizers, or what lives in a namespace, are gone.
 */
export function workOn({ outputs = {} }: StateResource): string | undefined {
  const { provisioningState, metadata } = outputs;
  if (typeof provisioningState === "string" && unfinished.has(provisioningState)) return provisioningState;
  const leaving = typeof metadata === "object" && metadata !== null && "deletionTimestamp" in metadata;
  return leaving ? "Terminating" : undefined;
}

/** Whether only a refresh tells what a resource is like. Old halves of replacements are deleted in any case. */
export function isOpen(resource: StateResource): boolean {
  if (resource.delete === true || resource.pendingReplacement === true) return false;
  return resource.initErrors?.includes(mark) === true || workOn(resource) !== undefined;
}

/**
 * Writes what was under way into the resources, to be refreshed:
 * - A creation may have been carried out. Both azure-native and the kubernetes provider then refuse to create the resource
 *   again; so it goes into the state under the id that its inputs give.
 * - An update or a deletion may have been carried out: unrefreshed, a later run could call unchanged what is changed or gone.
 *
 * The kubernetes provider's own switch (`PULUMI_K8S_UPSERT_EXISTING_OBJECTS`, which makes every creation an apply) is not used. It
 * would take over anybody's object of the same name, in every run and without a word, where a pending operation proves
 * that the object, if it is there, is ours; it would make a second object wherever Pulumi picks the names, as the next run picks another;
 * and it helps nobody who runs plain `pulumi up`.
 */
export function takeUp(
  resources: readonly StateResource[],
  pending: readonly PendingOperation[],
  subscriptionId: string,
): TakenUp {
  const result = [...resources];
  const untold: StateResource[] = [];
  // The engine keeps creations that nobody took up from run to run, the newest first.
  const created = new Set<string>();
  for (const { type, resource } of pending) {
    const index = result.findIndex((known) => known.urn === resource.urn && known.delete !== true);
    const known = result[index];
    if (type === "updating" || type === "deleting") {
      if (known !== undefined && isSeenByRefresh(known)) result[index] = marked(known);
    } else if (type === "creating") {
      const inputs = resource.inputs ?? {};
      const id = armId(resource.type, inputs, subscriptionId) ?? kubernetesId(resource.type, inputs);
      if (id === undefined) {
        if (isRefusedTwice(resource)) untold.push(resource);
      } else if (known?.id === id && known.pendingReplacement !== true) {
        result[index] = marked(known);
      } else if (created.has(resource.urn)) {
        untold.push({ ...resource, id });
      } else {
        adopt(result, index, marked({ ...resource, id }));
      }
      created.add(resource.urn);
    }
  }
  return { resources: result, untold };
}

/**
 * Adds a resource that may have been created, after all that it depends on. Where it replaces one, it takes its place, and an old one
 * that is still there is marked for deletion: as the engine does when a creation ends.
 */
function adopt(resources: StateResource[], index: number, adopted: StateResource): void {
  const old = resources[index];
  if (old === undefined) resources.push(adopted);
  else if (old.pendingReplacement === true) resources.splice(index, 1, adopted);
  else resources.splice(index, 1, adopted, { ...old, delete: true });
}

/** A resource of which only a refresh tells what it is like. */
export function marked(resource: StateResource): StateResource {
  return { ...resource, initErrors: [mark] };
}

/** Components and Pulumi's own resources are nothing outside of the state. */
function isSeenByRefresh({ custom, type, pendingReplacement }: StateResource): boolean {
  return custom === true && !type.startsWith("pulumi:") && pendingReplacement !== true;
}

/** Whether the creation of a resource fails where it exists. Our dynamic resources, and patches, go on with what is there. */
function isRefusedTwice({ type, inputs = {} }: StateResource): boolean {
  return /^(azure-native|kubernetes):/.test(type) && !isPatch(type, inputs);
}
