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
  /** Whether an object that is referred to must be among these. */
  readonly complete: boolean;
  /** Whether the mesh honours Retry objects, where that is known. */
  readonly retryPolicy: boolean | undefined;
  /** Whether mesh-wide egress is on, where that is known. */
  readonly egress: boolean | undefined;
  /** Whether a namespace is onboarded; true where nothing is known. */
  isOnboarded(namespace: string): boolean;
  /** Whether a Service exists; true where nothing is known. */
  hasService(namespace: string, name: string): boolean;
  /** All objects of a kind, in the order given. */
  all<K extends OsmKind>(kind: K): readonly OfKind<K>[];
  /** The object of this kind, namespace and name. */
  find<K extends OsmKind>(kind: K, namespace: string, name: string): OfKind<K> | undefined;
  /** Whether an Egress refers to this UpstreamTrafficSetting. */
  isForEgress(namespace: string, setting: string): boolean;
  /** Texts of the `pathRegex` of all route groups of a namespace. */
  pathsOf(namespace: string): ReadonlySet<string>;
}

/** Looks over the objects once, so that every later question is answered at once. Cost: O(n). */
export function surroundingsOf(objects: readonly OsmObject[], context: AdmissionContext): Surroundings {
  const byKind = new Map<OsmKind, OsmObject[]>();
  const byName = new Map<string, OsmObject>();
  const settings = new Set<string>();
  const paths = new Map<string, Set<string>>();
  let retryPolicy: boolean | undefined;
  let egress: boolean | undefined;
  for (const object of objects) {
    const { name, namespace } = object.metadata;
    byName.set(`${object.kind} ${namespace}/${name}`, object);
    const same = byKind.get(object.kind);
    if (same === undefined) {
      byKind.set(object.kind, [object]);
    } else {
      same.push(object);
    }
    if (object.kind === "Egress") {
      for (const match of object.spec.matches ?? []) {
        if (match.kind === "UpstreamTrafficSetting") {
          settings.add(`${namespace}/${match.name}`);
        }
      }
    } else if (object.kind === "HTTPRouteGroup") {
      const known = paths.get(namespace) ?? new Set();
      object.spec.matches.forEach(({ pathRegex }) => known.add(pathRegex ?? ".*"));
      paths.set(namespace, known);
    } else if (object.kind === "MeshConfig") {
      retryPolicy = object.spec.featureFlags?.enableRetryPolicy;
      egress = object.spec.traffic?.enableEgress;
    }
  }
  const namespaces = context.namespaces && new Set(context.namespaces);
  const services = context.services && new Set(context.services);
  const isOfKind = <K extends OsmKind>(object: OsmObject | undefined, kind: K): object is OfKind<K> =>
    object?.kind === kind;
  return {
    complete: context.complete ?? true,
    retryPolicy: context.retryPolicy ?? retryPolicy,
    egress: context.egress ?? egress,
    isOnboarded: (namespace) => namespaces?.has(namespace) ?? true,
    hasService: (namespace, name) => services?.has(`${namespace}/${name}`) ?? true,
    all: (kind) => (byKind.get(kind) ?? []).filter((object) => isOfKind(object, kind)),
    find: (kind, namespace, name) => {
      const object = byName.get(`${kind} ${namespace}/${name}`);
      return isOfKind(object, kind) ? object : undefined;
    },
    isForEgress: (namespace, setting) => settings.has(`${namespace}/${setting}`),
    pathsOf: (namespace) => paths.get(namespace) ?? new Set(),
  };
}
