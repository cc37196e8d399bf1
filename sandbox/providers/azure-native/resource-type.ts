/** What azure-native knows of a resource type beyond what its SDK declares. */
export interface ResourceType {
  /** ARM path of the resource, from the root; parameters in braces have the names of the SDK's inputs. */
  readonly path: string;
  /**
   * The input that is the resource's own name, if it may be left out. `random`: logical name and eight hexadecimal digits; `uuid`:
   * a random UUID; `copy`: the logical name.
   */
  readonly autoname?: { readonly input: string; readonly strategy: "random" | "uuid" | "copy" };
  /** The inputs that stand at the top of ARM's body; the others stand in its `properties`. */
  readonly envelope: readonly string[];
  /** Azure wants a location, although the SDK allows to leave it out (then the provider's configuration gives it). */
  readonly locationRequired?: boolean;
  /** Inputs whose change replaces the resource, path parameters aside; `a.b` for a property of an object. */
  readonly replaceOnChanges: readonly string[];
  /** Names that differ between SDK and ARM: SDK name to ARM name. */
  readonly renames?: Readonly<Record<string, string>>;
  /** Inputs that are resources of their own too: left out of an update, they stay as they are; left out of a create, empty. */
  readonly subresources?: readonly string[];
  /** Nested objects too have their `properties` flattened, as all of Microsoft.Network does. */
  readonly flattensNested?: boolean;
  /**
   * It is there as long as its parent is: made by being set, and removed by being set back to nothing in particular (the empty entries of
   * azure-native's defaultResourcesState).
   */
  readonly alwaysThere?: boolean;
  /** Whether ARM runs PUT and DELETE as long-running operations. */
  readonly longRunning: { readonly put: boolean; readonly delete: boolean };
}

/** Resource types by token. */
export type ResourceTypes = Readonly<Record<string, ResourceType>>;

/** The path of a resource type within a resource group. */
export function inResourceGroup(providerPath: string): string {
  return `/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/${providerPath}`;
}

/** Both operations run long: the usual case. */
export const alwaysLongRunning = { put: true, delete: true };

/** Neither runs long. */
export const neverLongRunning = { put: false, delete: false };
