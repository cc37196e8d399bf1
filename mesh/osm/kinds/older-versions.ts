import { isJsonObject, type KubernetesObject } from "../../manifests";

/** What an older or newer version of a kind writes otherwise, and what OSM 1.2's version has instead. */
interface Difference {
  readonly kind: string;
  /** Whether an object of another version has it. */
  readonly applies: (object: KubernetesObject) => boolean;
  readonly write: string;
}

/** The value at a path, through the first item of each list on the way. */
function at(object: KubernetesObject, ...path: readonly string[]): unknown {
  let value: unknown = object;
  for (const key of path) {
    const [first]: readonly unknown[] = Array.isArray(value) ? value : [value];
    value = isJsonObject(first) ? first[key] : undefined;
  }
  return value;
}

const has =
  (...path: readonly string[]) =>
  (object: KubernetesObject): boolean =>
    at(object, ...path) !== undefined;

/** From the specifications of the versions of each kind (servicemeshinterface/smi-spec). */
const differences: readonly Difference[] = [
  {
    kind: "TrafficTarget",
    applies: has("destination"),
    write: "move `destination` and `sources` below `spec`",
  },
  { kind: "TrafficTarget", applies: has("specs"), write: "rename `specs` to `spec.rules`" },
  {
    kind: "TrafficTarget",
    applies: (object) => has("destination", "port")(object) || has("spec", "destination", "port")(object),
    write: "take `destination.port` out and name the port in a TCPRoute (`spec.matches.ports`) among the rules",
  },
  { kind: "HTTPRouteGroup", applies: has("matches"), write: "move `matches` below `spec`" },
  {
    kind: "HTTPRouteGroup",
    applies: (object) =>
      isJsonObject(at(object, "matches", "headers")) || isJsonObject(at(object, "spec", "matches", "headers")),
    write: "write `headers` as a list with one header in each item: `- name: pattern`",
  },
  {
    kind: "TCPRoute",
    applies: (object) => !has("spec", "matches", "ports")(object),
    write: "name the ports in `spec.matches.ports`: this version meant all of them, OSM 1.2 wants each",
  },
  {
    kind: "TrafficSplit",
    applies: (object) => typeof at(object, "spec", "backends", "weight") === "string",
    write: "write each `weight` as a number, relative to the others: 500 for `500m`",
  },
  {
    kind: "TrafficSplit",
    applies: has("spec", "matches"),
    write:
      "take `spec.matches` out: OSM splits all calls to a Service alike; for some routes only, make a Service of their own",
  },
];

/** What to write in the version that OSM 1.2 serves, field by field; empty where the apiVersion is all that differs. */
export function versionAdvice(object: KubernetesObject): readonly string[] {
  return differences.filter(({ kind, applies }) => kind === object.kind && applies(object)).map(({ write }) => write);
}
