import { type OsmKind, type OsmObject } from "../kinds";

/** What is known beside the objects themselves. */
export interface AdmissionContext {
  /**
   * Onboarded namespaces. OSM reads policies of these only, and its webhook checks only there. Default: not known, so not
   * checked.
   */
  readonly namespaces?: readonly string[];
  /** Services that exist, as `namespace/name`. Default: not known, so not checked. */
  readonly services?: readonly string[];
  /** MeshConfig's `featureFlags.enableRetryPolicy`. Default: what a MeshConfig among the objects says, else not checked. */
  readonly retryPolicy?: boolean;
  /** MeshConfig's `traffic.enableEgress`. Default: what a MeshConfig among the objects says, else not checked. */
  readonly egress?: boolean;
  /**
   * Whether the objects are all there are. If not, references to objects that are not among them are not checked.
   * Default: true.
   */
  readonly complete?: boolean;
}

/** Objects of one kind. */
export type OfKind<K extends OsmKind> = Extract<OsmObject, { kind: K }>;

/** What a check of one object may ask about the rest. */
export interface Surroundings {
  readonly context: AdmissionContext;
  /** All objects of a kind, in the order given. */
  all<K extends OsmKind>(kind: K): readonly OfKind<K>[];
  /** The object of this kind, namespace and name. */
  find<K extends OsmKind>(kind: K, namespace: string, name: string): OfKind<K> | undefined;
}
