import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type KubernetesObject } from "../mesh/manifests";
import { isDnsLabel } from "../mesh/manifests/names";
import { type OsmMesh } from "../mesh/osm";
import { type RequestCondition } from "../mesh/request/request-set";
import { previewOf } from "../program/previews/prefix";
import { previewLabel, type PreviewReach, reachObjects, type ReachOperation } from "../program/previews/reach";
import { PreviewProblem } from "./problem";

const form = "{ from: bookbuyer/bookbuyer, to: bookwarehouse/bookwarehouse, port: 14001, … }";
const ofOsm = "routes: [GROUP/MATCH]";
const ofIstio = "selector: { app: bookwarehouse }, operations: [{ methods: [POST], paths: [/] }]";

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
        `previewReaches[${index}]: an entry for ${from} and ${to} is there; add its routes or operations to that.`,
      );
    }
  });
  return reaches;
}

function readReach(entry: unknown, place: string): PreviewReach {
  if (!isJsonObject(entry)) throw new PreviewProblem(`${place} must be ${form}.`);
  const { from, to, port, routes, selector, operations, ...others } = entry;
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) {
    throw new PreviewProblem(`${place} has no ${unknown}: write ${form}, with ${ofOsm} or ${ofIstio}.`);
  }
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
  if (routes === undefined && selector === undefined && operations === undefined) {
    throw new PreviewProblem(
      `${place} must say what may be asked: with Open Service Mesh ${ofOsm}, with Istio ${ofIstio}.`,
    );
  }
  return {
    ...{ from: caller, to: called, port },
    ...(routes !== undefined && { routes: readRoutes(routes, place) }),
    ...((selector !== undefined || operations !== undefined) && {
      selector: readSelector(selector, place),
      operations: readOperations(operations, place),
    }),
  };
}

function readAccount(value: unknown, place: string): string {
  const parts = typeof value === "string" ? value.split("/") : [];
  if (typeof value === "string" && parts.length === 2 && parts.every(isDnsLabel)) return value;
  throw new PreviewProblem(`${place} must be namespace/service-account, such as bookbuyer/bookbuyer.`);
}

function readRoutes(value: unknown, place: string): readonly string[] {
  if (Array.isArray(value) && value.length > 0 && value.every(isRoute)) return value;
  throw new PreviewProblem(`${place}.routes must name at least one HTTPRouteGroup/match of the namespace called.`);
}

function isRoute(value: unknown): value is string {
  return typeof value === "string" && /^[^/\s]+\/[^/\s]+$/.test(value);
}

/** Names and values of labels, as the API server takes them. */
const labelName = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/;

function readSelector(value: unknown, place: string): Readonly<Record<string, string>> {
  const problem = new PreviewProblem(
    `${place}.selector must be labels of the pods called, such as { app: bookwarehouse }: without any it would be all pods of the namespace.`,
  );
  if (!isJsonObject(value) || Object.keys(value).length === 0) throw problem;
  const labels = Object.entries(value).map(([name, one]): readonly [string, string] => {
    if (!labelName.test(name) || typeof one !== "string" || !labelValue.test(one)) throw problem;
    return [name, one];
  });
  return Object.fromEntries(labels);
}

/** A method, or its beginning or end with a star. */
const methodForm = /^(\*|\*?[A-Z]+|[A-Z]+\*)$/;

/** A path from its beginning, a template among them, or its end behind a star. */
const pathForm = /^(\*|\*[^\s*?#]+|\/[^\s?#]*)$/;

function readOperations(value: unknown, place: string): readonly ReachOperation[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new PreviewProblem(`${place}.operations must say at least one, such as { methods: [POST], paths: [/] }.`);
  }
  return value.map((one: unknown, index) => readOperation(one, `${place}.operations[${index}]`));
}

function readOperation(value: unknown, place: string): ReachOperation {
  const { methods, paths, ...others } = isJsonObject(value) ? value : {};
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) {
    throw new PreviewProblem(
      `${place} has no ${unknown}: write methods, paths or both. The port stands beside operations, once for all of them.`,
    );
  }
  // Such a rule would let bytes through that are not HTTP, and paths that nobody thought of.
  if (methods === undefined && paths === undefined) {
    throw new PreviewProblem(`${place} must say methods, paths or both; paths: ["*"] is every path.`);
  }
  if (methods !== undefined && !isTextsLike(methods, methodForm)) {
    throw new PreviewProblem(`${place}.methods must be methods in capital letters, such as GET, or "*".`);
  }
  if (paths !== undefined && !isTextsLike(paths, pathForm)) {
    throw new PreviewProblem(
      `${place}.paths must be paths without query, such as /books, /books/*, "*.css" or /books/{*}/pages.`,
    );
  }
  return { ...(methods !== undefined && { methods }), ...(paths !== undefined && { paths }) };
}

function isTextsLike(value: unknown, like: RegExp): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string" && like.test(one));
}

/** Whether an object is what a reach allows, neither more nor less, and labelled so that it is found again. */
export function isReachTarget(
  pullRequest: number,
  reaches: readonly PreviewReach[],
  object: KubernetesObject,
): boolean {
  const allowed = reaches.flatMap((reach) => reachObjects(pullRequest, reach));
  return allowed.some(
    ({ apiVersion, kind, metadata, spec }) =>
      object.apiVersion === apiVersion &&
      object.kind === kind &&
      object.metadata.name === metadata.name &&
      object.metadata.namespace === metadata.namespace &&
      hasLabel(pullRequest, object) &&
      isDeepStrictEqual(Reflect.get(object, "spec"), spec),
  );
}

function hasLabel(pullRequest: number, { metadata }: KubernetesObject): boolean {
  return isJsonObject(metadata.labels) && metadata.labels[previewLabel] === String(pullRequest);
}

/** What is wrong with reaches in view of the shared workloads on Open Service Mesh, one sentence each. */
export function reachProblems(reaches: readonly PreviewReach[], shared: OsmMesh, base: string): readonly string[] {
  return reaches.flatMap(({ to, routes }, index) => {
    const place = `previewReaches[${index}]`;
    if (routes === undefined) {
      return [`${place}: stack ${base} runs Open Service Mesh, for which the entry says nothing: add ${ofOsm}.`];
    }
    if (shared.catalog.podsOfAccount(to).length === 0) return [`${place}.to: nothing runs as ${to} in stack ${base}.`];
    return routes
      .filter((route) => routeCondition(shared, to, route) === undefined)
      .map(
        (route) => `${place}.routes: stack ${base} has no ${route} in the namespace of ${to}; name one that it has.`,
      );
  });
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
