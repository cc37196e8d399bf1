/** The part of Kubernetes' object metadata that the mesh and this project read. */
export interface ObjectMeta {
  /** Name, unique among the objects of one kind in one namespace. */
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A custom resource as it is sent to the API server. */
export interface IstioResource<ApiVersion extends string, Kind extends string, Spec> {
  readonly apiVersion: ApiVersion;
  readonly kind: Kind;
  readonly metadata: ObjectMeta;
  readonly spec: Spec;
}

/** Selects the pods of the object's namespace that have all of these labels; of every namespace, where it is the mesh's root. */
export interface WorkloadSelector {
  /** Empty for every pod. */
  readonly matchLabels?: Readonly<Record<string, string>>;
}

/** What a policy is attached to instead of by labels. Sidecars ignore a policy that has any: waypoints and gateways read it. */
export interface PolicyTargetReference {
  readonly group?: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** A text of the request: exactly one of the three; none is met by any value. */
export type StringMatch =
  | { readonly exact: string; readonly prefix?: never; readonly regex?: never }
  | { readonly prefix: string; readonly exact?: never; readonly regex?: never }
  /** RE2 of the whole value. */
  | { readonly regex: string; readonly exact?: never; readonly prefix?: never };
