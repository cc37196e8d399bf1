/** The part of Kubernetes' object metadata that the mesh and this project read. */
export interface ObjectMeta {
  /** Name, unique among the objects of one kind in one namespace: a DNS subdomain (RFC 1123), at most 253 characters. */
  readonly name: string;
  /** Namespace. All ten kinds are namespaced; a reader of manifests fills in `default` where a file names none. */
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A custom resource as it is sent to the API server. */
export interface OsmResource<ApiVersion extends string, Kind extends string, Spec> {
  readonly apiVersion: ApiVersion;
  readonly kind: Kind;
  readonly metadata: ObjectMeta;
  readonly spec: Spec;
}

/** Names another object of the same namespace: OSM never follows such a reference across namespaces. */
export interface TypedLocalReference<ApiGroup extends string = string, Kind extends string = string> {
  /** Group **and version**, e.g. `specs.smi-spec.io/v1alpha4`: OSM compares the whole text. */
  readonly apiGroup: ApiGroup;
  readonly kind: Kind;
  readonly name: string;
}

/** Names an object of any namespace. OSM fills in no namespace of its own. */
export interface NamespacedReference<Kind extends string> {
  readonly kind: Kind;
  readonly name: string;
  readonly namespace: string;
}
