import { armId, type Inputs } from "./arm-ids";
import { marked, type StateResource } from "./interrupted";
import { kubernetesId } from "./kubernetes-ids";

/** A step of `pulumi preview --json`, as far as it is read. */
export interface PlannedStep {
  readonly op: string;
  readonly newState?: StateResource;
}

/** Pulumi's marks of secrets and of values that are not known yet, as they stand in JSON. */
const withheld = /"4dabf18193072939515e22adb298388d"|"04da6b54-80e4-46f7-96ec-b56ff0331ba9"/;

const providerType = "pulumi:providers:kubernetes";

/**
 * Whether a destroy was begun and not ended. What would go with its cluster or namespace (`deletedWith`) leaves the state without being
 * deleted, the look at the end of `up` first of all; the outputs of the last complete `up` stay until the end.
 */
export function destroyWasCutOff(resources: readonly StateResource[]): boolean {
  const living = resources.filter((resource) => resource.delete !== true && resource.pendingReplacement !== true);
  return (
    kubeconfigOf(living) !== undefined &&
    living.some(({ type }) => type === "azure-native:containerservice:ManagedCluster") &&
    !living.some(({ type }) => type.endsWith(":ObjectsInPlace"))
  );
}

/** The stack's way into its cluster, encrypted as the state holds it. */
function kubeconfigOf(resources: readonly StateResource[]): unknown {
  return resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs?.["kubeconfig"];
}

/**
 * The state with everything that a deletion of the cluster or a namespace would take along and that the next `up` would make, under the
 * id that its inputs give it and open, to be refreshed: what is not there leaves the state again. The components above it
 * come with it, and the kubernetes provider, with the kubeconfig of the stack's outputs.
 *
 * @param newId A new id for the provider, where the state has lost it.
 */
export function withLeftovers(
  resources: readonly StateResource[],
  steps: readonly PlannedStep[],
  subscriptionId: string,
  newId: () => string,
): readonly StateResource[] {
  const result = [...resources];
  const planned = new Map(
    steps.flatMap(({ op, newState }) => (op === "create" && newState !== undefined ? [[newState.urn, newState]] : [])),
  );
  const known = (urn: string): StateResource | undefined =>
    result.find((resource) => resource.urn === urn && resource.delete !== true);
  /** Adds a component with those above it, or a provider: what a resource cannot be without. */
  const need = (urn: string): StateResource | undefined => {
    const there = known(urn);
    const plan = planned.get(urn);
    if (there !== undefined || plan === undefined) return there;
    const { type, custom, parent } = plan;
    if (parent !== undefined) need(parent);
    const bare = { urn, type, custom, parent };
    const added =
      type === providerType ? { ...bare, id: newId(), inputs: { kubeconfig: kubeconfigOf(resources) } } : bare;
    result.push(added);
    return added;
  };
  for (const resource of planned.values()) {
    const { type, inputs = {}, parent, provider, deletedWith, dependencies = [] } = resource;
    const id = armId(type, inputs, subscriptionId) ?? kubernetesId(type, inputs);
    if (id === undefined || provider === undefined || deletedWith === undefined) continue;
    const maker = need(provider.slice(0, provider.lastIndexOf("::")));
    if (maker?.id === undefined || (parent !== undefined && need(parent) === undefined)) continue;
    result.push(
      marked({
        ...resource,
        id,
        inputs: plain(inputs),
        provider: `${maker.urn}::${maker.id}`,
        dependencies: dependencies.filter(known),
        propertyDependencies: undefined,
        deletedWith: known(deletedWith)?.urn,
      }),
    );
  }
  return result;
}

/** What a preview tells of inputs: neither secrets nor what is not known yet. */
function plain(inputs: Inputs): Inputs {
  return Object.fromEntries(Object.entries(inputs).filter(([, value]) => !withheld.test(JSON.stringify(value))));
}

/** Whether Pulumi made a cluster object, as the API server remembers it: what another made under the name stays another's. */
export function isOurs({ type, outputs = {} }: StateResource): boolean {
  return (
    !type.startsWith("kubernetes:") || /"manager":"pulumi-kubernetes/.test(JSON.stringify(outputs["metadata"] ?? {}))
  );
}
