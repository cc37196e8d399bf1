import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isObject, type Json, type JsonObject } from "../../../../sandbox/providers/kubernetes/client/json";

/** An answer given in place of the server's own. */
export interface ScriptedAnswer {
  readonly code: number;
  readonly body: Json;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A small API server in memory: objects, discovery, creation, server-side apply of members (lists are atomic), and JSON patches of
 * who owns which fields.
 */
export interface FakeApiServer {
  readonly kubeconfig: string;
  /** Objects by path, such as `/api/v1/namespaces/default/configmaps/x`. */
  readonly objects: Map<string, JsonObject>;
  /** `METHOD path`, in order, with `?dryRun` where it was one. */
  readonly requests: string[];
  /** Their bodies. */
  readonly bodies: Json[];
  /** Answers for requests whose `METHOD path` contains the text; each is used once. */
  readonly script: { readonly match: string; readonly answer: ScriptedAnswer | "reset" }[];
  /** Kinds served, by apiVersion: kind → plural and scope. */
  readonly served: Record<string, Record<string, { plural: string; namespaced: boolean }>>;
  /** Called with each object that is stored, to play controllers and admission. */
  onStore: (object: JsonObject) => JsonObject;
  close(): Promise<void>;
}

export async function startFakeApiServer(): Promise<FakeApiServer> {
  const fake: Omit<FakeApiServer, "kubeconfig" | "close"> = {
    objects: new Map(),
    requests: [],
    bodies: [],
    script: [],
    served: {
      v1: {
        ConfigMap: { plural: "configmaps", namespaced: true },
        Endpoints: { plural: "endpoints", namespaced: true },
        Event: { plural: "events", namespaced: true },
        Namespace: { plural: "namespaces", namespaced: false },
        Pod: { plural: "pods", namespaced: true },
        Secret: { plural: "secrets", namespaced: true },
        Service: { plural: "services", namespaced: true },
      },
      "apps/v1": { Deployment: { plural: "deployments", namespaced: true } },
    },
    onStore: (object) => object,
  };
  const server = createServer((request, response) => {
    void handle(fake, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(fake, {
    kubeconfig: kubeconfigFor(`http://127.0.0.1:${port}`),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

/** A kubeconfig with one context. */
export function kubeconfigFor(server: string, user: object = { token: "token-of-the-test" }): string {
  return JSON.stringify({
    "current-context": "test",
    clusters: [{ name: "test", cluster: { server } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    users: [{ name: "test", user }],
  });
}

/** A Status object. */
export function status(code: number, reason: string, message: string, details: JsonObject = {}): ScriptedAnswer {
  return { code, body: { kind: "Status", status: "Failure", code, reason, message, details } };
}

type State = Omit<FakeApiServer, "kubeconfig" | "close">;

async function handle(fake: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  const line = `${request.method} ${url.pathname}`;
  fake.requests.push(url.searchParams.has("dryRun") ? `${line}?dryRun` : line);
  const scripted = fake.script.findIndex(({ match }) => line.includes(match));
  const body = await readBody(request);
  fake.bodies.push(body);
  const contentType = request.headers["content-type"] ?? "";
  const [found] = scripted < 0 ? [] : fake.script.splice(scripted, 1);
  if (found?.answer === "reset") {
    request.socket.destroy();
    return;
  }
  const answer = found?.answer ?? respond(fake, { method: request.method ?? "GET", contentType }, url, body);
  response.writeHead(answer.code, { "content-type": "application/json", ...answer.headers });
  response.end(JSON.stringify(answer.body));
}

async function readBody(request: IncomingMessage): Promise<Json> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  const body: Json = text === "" ? {} : JSON.parse(text);
  return body;
}

function respond(
  fake: State,
  { method, contentType }: { readonly method: string; readonly contentType: string },
  url: URL,
  body: Json,
): ScriptedAnswer {
  const path = url.pathname;
  if (path === "/version") return { code: 200, body: { major: "1", minor: "34" } };
  const version = path.replace(/^\/(api|apis)\//, "");
  const kinds = fake.served[version];
  if (kinds !== undefined) {
    const resources = Object.entries(kinds).map(([kind, { plural, namespaced }]) => ({
      name: plural,
      kind,
      namespaced,
    }));
    return { code: 200, body: { resources } };
  }
  const existing = fake.objects.get(path);
  switch (method) {
    case "GET": {
      const members = [...fake.objects].filter(([key]) => key.startsWith(`${path}/`)).map(([, object]) => object);
      if (existing !== undefined) return { code: 200, body: existing };
      return /\/(pods|events|endpointslices)$/.test(path)
        ? { code: 200, body: { items: members } }
        : status(404, "NotFound", `${path} not found`);
    }
    case "DELETE":
      if (existing === undefined) return status(404, "NotFound", `${path} not found`);
      fake.objects.delete(path);
      return { code: 200, body: existing };
    case "POST":
      return create(fake, path, isObject(body) ? body : {}, url.searchParams);
    case "PATCH":
      return contentType === "application/json-patch+json"
        ? patchOwners(fake, path, existing, body)
        : apply(fake, path, existing, isObject(body) ? body : {}, url.searchParams);
    default:
      return status(405, "MethodNotAllowed", method);
  }
}

function create(fake: State, collection: string, wanted: JsonObject, query: URLSearchParams): ScriptedAnswer {
  const { metadata } = wanted;
  const name = isObject(metadata) ? String(metadata["name"]) : "";
  const path = `${collection}/${name}`;
  if (fake.objects.has(path)) {
    return status(409, "AlreadyExists", `${collection.split("/").at(-1) ?? ""} "${name}" already exists`);
  }
  return store(fake, path, wanted, { [ownerOf("Update", query)]: Object.keys(leaves(wanted)) }, query);
}

/** A JSON patch of `metadata.managedFields` alone. */
function patchOwners(fake: State, path: string, existing: JsonObject | undefined, patch: Json): ScriptedAnswer {
  const [operation] = Array.isArray(patch) ? patch : [];
  const value = isObject(operation) ? operation["value"] : undefined;
  if (existing === undefined || value === undefined) return status(404, "NotFound", `${path} not found`);
  const metadata = isObject(existing["metadata"]) ? existing["metadata"] : {};
  const stored: JsonObject = { ...existing, metadata: { ...metadata, managedFields: value } };
  fake.objects.set(path, stored);
  return { code: 200, body: stored };
}

/** Operation and manager: two managers of one name are told apart by their operation, as in the real server. */
function ownerOf(operation: "Apply" | "Update", query: URLSearchParams): string {
  return `${operation}:${query.get("fieldManager") ?? ""}`;
}

function apply(
  fake: State,
  path: string,
  existing: JsonObject | undefined,
  wanted: JsonObject,
  query: URLSearchParams,
): ScriptedAnswer {
  const manager = ownerOf("Apply", query);
  const { metadata: wantedMetadata, ...wantedRest } = wanted;
  const meta = isObject(wantedMetadata) ? wantedMetadata : {};
  const owned = leaves({ ...wantedRest, metadata: meta });
  const before = existing ?? {};
  const managers = managersOf(before);
  const conflicts = Object.entries(managers).flatMap(([other, paths]) =>
    other === manager
      ? []
      : paths.filter((leaf) => leaf in owned && JSON.stringify(leafAt(before, leaf)) !== JSON.stringify(owned[leaf])),
  );
  if (conflicts.length > 0 && query.get("force") !== "true") {
    return status(409, "Conflict", "Apply failed with conflicts", {
      causes: conflicts.map((leaf) => ({
        reason: "FieldManagerConflict",
        field: `.${leaf}`,
        message: `conflict with "other"`,
      })),
    });
  }
  const result: JsonObject = structuredClone(before);
  for (const leaf of managers[manager] ?? []) {
    const shared = Object.entries(managers).some(([other, paths]) => other !== manager && paths.includes(leaf));
    if (!(leaf in owned) && !shared) setLeaf(result, leaf, undefined);
  }
  for (const [leaf, value] of Object.entries(owned)) setLeaf(result, leaf, value);
  const now = { ...managers, [manager]: Object.keys(owned) };
  for (const other of Object.keys(now)) {
    if (other !== manager) now[other] = (now[other] ?? []).filter((leaf) => !conflicts.includes(leaf));
  }
  return store(fake, path, result, now, query);
}

function store(
  fake: State,
  path: string,
  object: JsonObject,
  owners: Readonly<Record<string, string[]>>,
  query: URLSearchParams,
): ScriptedAnswer {
  const managedFields = Object.entries(owners).map(([owner, paths]): JsonObject => {
    const [operation = "", manager = ""] = owner.split(":");
    return { manager, operation, fieldsV1: fieldsOf(paths) };
  });
  const stored = fake.onStore({
    ...object,
    metadata: {
      uid: `uid-${fake.requests.length}`,
      creationTimestamp: "2026-01-01T00:00:00Z",
      ...(isObject(object["metadata"]) ? object["metadata"] : {}),
      managedFields,
    },
  });
  const code = fake.objects.has(path) ? 200 : 201;
  if (!query.has("dryRun")) fake.objects.set(path, stored);
  return { code, body: stored };
}

const identity = ["apiVersion", "kind", "metadata/name", "metadata/namespace"];

function leaves(value: Json, prefix = ""): Record<string, Json> {
  if (!isObject(value)) return { [prefix]: value };
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, member]) => leaves(member, prefix === "" ? key : `${prefix}/${key}`)),
  ) as Record<string, Json>;
}

function leafAt(object: JsonObject, leaf: string): Json | undefined {
  return leaf.split("/").reduce<Json | undefined>((value, key) => (isObject(value) ? value[key] : undefined), object);
}

function setLeaf(object: JsonObject, leaf: string, value: Json | undefined): void {
  const keys = leaf.split("/");
  const last = keys.pop() ?? "";
  let parent = object;
  for (const key of keys) {
    const member = (parent[key] ??= {});
    if (!isObject(member)) return;
    parent = member;
  }
  if (value === undefined) delete parent[last];
  else parent[last] = value;
}

/** The leaves each manager owns, kept in `fieldsV1` as the real server does. */
function managersOf(object: JsonObject): Record<string, string[]> {
  const { metadata } = object;
  const entries = isObject(metadata) && Array.isArray(metadata["managedFields"]) ? metadata["managedFields"] : [];
  return Object.fromEntries(
    entries
      .filter(isObject)
      .map((entry) => [`${String(entry["operation"])}:${String(entry["manager"])}`, pathsOf(entry["fieldsV1"] ?? {})]),
  );
}

function fieldsOf(paths: readonly string[]): JsonObject {
  const fields: JsonObject = {};
  for (const path of paths.filter((leaf) => !identity.includes(leaf))) {
    setLeaf(
      fields,
      path
        .split("/")
        .map((key) => `f:${key}`)
        .join("/"),
      {},
    );
  }
  return fields;
}

function pathsOf(fields: Json, prefix = ""): string[] {
  if (!isObject(fields) || Object.keys(fields).length === 0) return prefix === "" ? [] : [prefix];
  return Object.entries(fields).flatMap(([key, sub]) =>
    pathsOf(sub, prefix === "" ? key.slice(2) : `${prefix}/${key.slice(2)}`),
  );
}
