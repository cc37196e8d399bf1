import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type KubernetesObject } from "../mesh/manifests";
import { isDnsLabel } from "../mesh/manifests/names";
import { type OsmMesh } from "../mesh/osm";
import { type RequestCondition } from "../mesh/request/request-set";
import { previewOf } from "../program/previews/prefix";
import { previewLabel, type PreviewReach, reachTarget } from "../program/previews/reach";
import { PreviewProblem } from "./problem";

const form = "{ from: bookbuyer/bookbuyer, to: bookwarehouse/bookwarehouse, port: 14001, routes: [GROUP/MATCH] }";

/**
 * Reads the setting `previewReaches`.
 *
 * @throws {PreviewProblem} that says which entry is wrong, and what to write.
 */
export function readReaches(value: unknown): readonly PreviewReach[] {
  if (!Array.isArray(value)) throw new PreviewProblem(`The setting previewReaches must be a list, each entry ${form}.`);
  const reaches = value.map((entry: unknown, index) => readReach(entry, `previewReaches[${index}]`));
  reaches.forEach(({ from, to }, index) => {
    if (reaches.findIndex((other) => other.from === from && other.to === to) < index) {
      throw new PreviewProblem(
        `previewReaches[${index}]: an entry for ${from} and ${to} is there; add its routes to that.`,
      );
    }
  });
  return reaches;
}

function readReach(entry: unknown, place: string): PreviewReach {
  if (!isJsonObject(entry)) throw new PreviewProblem(`${place} must be ${form}.`);
  const { from, to, port, routes, ...others } = entry;
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) throw new PreviewProblem(`${place} has no ${unknown}: write ${form}.`);
  const caller = readAccount(from, `${place}.from`);
  const called = readAccount(to, `${place}.to`);
  if (previewOf(caller) !== undefined) {
    throw new PreviewProblem(`${place}.from: leave the prefix of the preview out; it counts for every preview.`);
  }
  if (previewOf(called) !== undefined || called.startsWith("kube-")) {
    throw new PreviewProblem(
      `${place}.to: ${called} is not a shared workload; name an account of the stack previewBase.`,
    );
  }
  if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new PreviewProblem(`${place}.port must be the port that the pods called listen on, such as 14001.`);
  }
  if (!Array.isArray(routes) || routes.length === 0 || !routes.every(isRoute)) {
    throw new PreviewProblem(`${place}.routes must name at least one HTTPRouteGroup/match of the namespace called.`);
  }
  return { from: caller, to: called, port, routes };
}

function readAccount(value: unknown, place: string): string {
  const parts = typeof value === "string" ? value.split("/") : [];
  if (typeof value === "string" && parts.length === 2 && parts.every(isDnsLabel)) return value;
  throw new PreviewProblem(`${place} must be namespace/service-account, such as bookbuyer/bookbuyer.`);
}

function isRoute(value: unknown): value is string {
  return typeof value === "string" && /^[^/\s]+\/[^/\s]+$/.test(value);
}

/** Whether an object is what a reach allows, neither more nor less, and labelled so that it is found again. */
export function isReachTarget(
  pullRequest: number,
  reaches: readonly PreviewReach[],
  object: KubernetesObject,
): boolean {
  return reaches.some((reach) => {
    const { apiVersion, kind, metadata, spec } = reachTarget(pullRequest, reach);
    return (
      object.apiVersion === apiVersion &&
      object.kind === kind &&
      object.metadata.name === metadata.name &&
      object.metadata.namespace === metadata.namespace &&
      hasLabel(pullRequest, object) &&
      isDeepStrictEqual(Reflect.get(object, "spec"), spec)
    );
  });
}

function hasLabel(pullRequest: number, { metadata }: KubernetesObject): boolean {
  return isJsonObject(metadata.labels) && metadata.labels[previewLabel] === String(pullRequest);
}

/** What is wrong with reaches in view of the shared workloads, one sentence each. */
export function reachProblems(reaches: readonly PreviewReach[], shared: OsmMesh, base: string): readonly string[] {
  return reaches.flatMap(({ to, routes }, index) => {
    const place = `previewReaches[${index}]`;
    if (shared.catalog.podsOfAccount(to).length === 0) return [`${place}.to: nothing runs as ${to} in stack ${base}.`];
    return routes
      .filter((route) => routeCondition(shared, to, route) === undefined)
      .map(
        (route) => `${place}.routes: stack ${base} has no ${route} in the namespace of ${to}; name one that it has.`,
      );
  });
}

/** What is wrong with reaches on a cluster with Istio. */
export function noReaches(reaches: readonly PreviewReach[]): readonly string[] {
  if (reaches.length === 0) return [];
  return [
    "previewReaches: an entry names routes of Open Service Mesh, and the cluster has Istio, whose policies have no routes to name. Take " +
      "the entries out, and let previews bring a copy of what they call.",
  ];
}

/** The requests of a route that a reach names; undefined where there is no such route. */
export function routeCondition({ state }: OsmMesh, to: string, route: string): RequestCondition | undefined {
  const [namespace = ""] = to.split("/");
  const [group = "", match = ""] = route.split("/");
  const found = state.routeGroups.get(`${namespace}/${group}`)?.matches.find(({ name }) => name === match);
  if (found === undefined) return undefined;
  const { methods, path, headers } = found;
  return { methods, path, ...(headers && { headers }) };
}
