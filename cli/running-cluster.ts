import { get as httpGet } from "node:http";
import { get, type RequestOptions } from "node:https";
import { type KubeConfig } from "@kubernetes/client-node";
import { isJsonObject, type ManifestFile } from "../mesh/manifests";
import { listAt, textAt } from "../mesh/manifests/inside";
import {
  aksRootNamespace,
  gatewayApiGroup,
  gatewayApiKinds,
  istioKinds,
  isUnreadKind,
  unreadIstioGroups,
  upstreamRootNamespace,
} from "../mesh/istio";
import { notRead, unreadPolicyGroups } from "../mesh/network-policies";
import { osmKinds } from "../mesh/osm";
import { UsageError } from "./usage-error";

/** A kind that the analysis reads from a cluster. */
interface ListedKind {
  readonly kind: string;
  readonly apiVersion: string;
  readonly plural: string;
  /** The only namespace in which it is looked for. Default: all. */
  readonly namespace?: string;
}

/** Of Kubernetes itself: what says which pods there are, how they are addressed, and what lets traffic in. No Secret. */
const kubernetesKinds: readonly ListedKind[] = [
  { kind: "Namespace", apiVersion: "v1", plural: "namespaces" },
  { kind: "ServiceAccount", apiVersion: "v1", plural: "serviceaccounts" },
  { kind: "Pod", apiVersion: "v1", plural: "pods" },
  { kind: "Service", apiVersion: "v1", plural: "services" },
  { kind: "Endpoints", apiVersion: "v1", plural: "endpoints" },
  { kind: "Deployment", apiVersion: "apps/v1", plural: "deployments" },
  { kind: "StatefulSet", apiVersion: "apps/v1", plural: "statefulsets" },
  { kind: "DaemonSet", apiVersion: "apps/v1", plural: "daemonsets" },
  { kind: "Ingress", apiVersion: "networking.k8s.io/v1", plural: "ingresses" },
  { kind: "NetworkPolicy", apiVersion: "networking.k8s.io/v1", plural: "networkpolicies" },
];

/** Who gives pods their sidecars: only where Istio is, whose revisions and tags they are. */
const injectors: ListedKind = {
  kind: "MutatingWebhookConfiguration",
  apiVersion: "admissionregistration.k8s.io/v1",
  plural: "mutatingwebhookconfigurations",
};

/** API groups with kinds that may decide over calls and that the analysis does not read: it says so of each object. */
const unreadGroups: ReadonlySet<string> = new Set([...unreadPolicyGroups, ...unreadIstioGroups, gatewayApiGroup]);

function mayDecide(kind: string, apiVersion: string): boolean {
  const [group = ""] = apiVersion.split("/");
  if (group === gatewayApiGroup) return gatewayApiKinds.has(kind);
  return isUnreadKind(kind, group) || notRead({ kind, apiVersion }) !== undefined;
}

/** Of each mesh. */
const meshKinds: readonly (readonly ListedKind[])[] = [osmKinds, istioKinds].map((kinds) =>
  Object.entries(kinds).map(([kind, { apiVersion, plural }]) => ({ kind, apiVersion, plural })),
);

/** Where Istio's configuration is: only there ConfigMaps are looked at, and only where Istio is. */
const configurations: readonly ListedKind[] = [aksRootNamespace, upstreamRootNamespace].map((namespace) => ({
  kind: "ConfigMap",
  apiVersion: "v1",
  plural: "configmaps",
  namespace,
}));

const listedKinds: readonly ListedKind[] = [...kubernetesKinds, ...meshKinds.flat(), ...configurations, injectors];

/** Those that are looked for only where Istio is. */
const ofIstio: ReadonlySet<string> = new Set(["ConfigMap", injectors.kind]);

/** Kinds whose absence is worth a word: those of a mesh that is not there are not, where another is. */
function missedOf(absent: readonly string[]): readonly string[] {
  const missing = meshKinds.filter((kinds) => kinds.every(({ kind }) => absent.includes(kind)));
  if (missing.length === meshKinds.length) return absent;
  const unused = new Set(missing.flat().map(({ kind }) => kind));
  return absent.filter((kind) => !unused.has(kind));
}

/** Objects asked for in one answer. */
const pageSize = 500;

/** Milliseconds without an answer after which the API server counts as unreachable. */
const timeoutMs = 30_000;

/** What a cluster shows. */
export interface ClusterObjects {
  readonly file: ManifestFile;
  /** What could not be seen, in sentences. */
  readonly notes: readonly string[];
}

/**
 * Reads what the analysis needs from a running cluster, as a context of the person's kubeconfig. Only lists; asks for no Secret.
 *
 * @throws {UsageError} where there is no such context, or the API server does not answer.
 */
export async function readCluster(context: string): Promise<ClusterObjects> {
  // Loaded only here: it takes half a second.
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromDefault();
  const contexts = config.getContexts().map(({ name }) => name);
  if (!contexts.includes(context)) {
    throw new UsageError(`The kubeconfig has no context "${context}". It has ${contexts.join(", ") || "none"}.`);
  }
  config.setCurrentContext(context);
  return readClusterOf(config, `context ${context}`);
}

/**
 * Reads the same from the cluster of a kubeconfig's current context.
 *
 * @param name for messages, such as `context prod`.
 */
export async function readClusterOf(config: KubeConfig, name: string): Promise<ClusterObjects> {
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new UsageError(`The kubeconfig of ${name} names a cluster that it lacks.`);
  const options: RequestOptions = { timeout: timeoutMs };
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new UsageError(`${name} cannot log in: ${error instanceof Error ? error.message : String(error)}`);
  }

  const objects: unknown[] = [];
  const forbidden: string[] = [];
  const absent: string[] = [];
  for (const { kind, apiVersion, plural, namespace } of [...listedKinds, ...(await unreadKinds(server, options))]) {
    if (ofIstio.has(kind) && absent.includes("AuthorizationPolicy")) continue;
    const within = namespace === undefined ? "" : `namespaces/${namespace}/`;
    const path = `${apiVersion.includes("/") ? "/apis" : "/api"}/${apiVersion}/${within}${plural}`;
    let next = "";
    do {
      const url = new URL(`${server.replace(/\/$/, "")}${path}`);
      url.search = new URLSearchParams({ limit: String(pageSize), ...(next !== "" && { continue: next }) }).toString();
      const { status, body } = await request(url, options);
      if (status === 404) absent.push(kind);
      else if (status === 401 || status === 403) forbidden.push(kind);
      else if (status !== 200) throw new UsageError(`${server} answered ${String(status)} to the list of ${plural}.`);
      if (status !== 200) break;
      const list: unknown = JSON.parse(body);
      if (!isJsonObject(list) || !Array.isArray(list["items"])) {
        throw new UsageError(`${server} answered the list of ${plural} with something else.`);
      }
      for (const item of list["items"]) if (isJsonObject(item)) objects.push({ apiVersion, kind, ...item });
      const metadata = list["metadata"];
      next = isJsonObject(metadata) && typeof metadata["continue"] === "string" ? metadata["continue"] : "";
    } while (next !== "");
  }
  const missed = missedOf(absent);
  return {
    file: { name, text: JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }) },
    notes: [
      ...(forbidden.length > 0 ? [`Not seen, because ${name} may not list them: ${forbidden.join(", ")}.`] : []),
      ...(missed.length > 0 ? [`The cluster of ${name} does not serve ${missed.join(", ")}.`] : []),
    ],
  };
}

/** Kinds that the cluster serves and that the analysis does not read, by what the API server says of itself. */
async function unreadKinds(server: string, options: RequestOptions): Promise<readonly ListedKind[]> {
  const read = async (path: string): Promise<unknown> => {
    const { status, body } = await request(new URL(`${server.replace(/\/$/, "")}${path}`), options);
    if (status !== 200) throw new UsageError(`${server} answered ${String(status)} to ${path}.`);
    return JSON.parse(body);
  };
  const found: ListedKind[] = [];
  for (const group of listAt(await read("/apis"), "groups")) {
    const apiVersion = textAt(group, "preferredVersion", "groupVersion") ?? "";
    if (!unreadGroups.has(textAt(group, "name") ?? "") || apiVersion === "") continue;
    for (const resource of listAt(await read(`/apis/${apiVersion}`), "resources")) {
      const [kind = "", plural = ""] = [textAt(resource, "kind"), textAt(resource, "name")];
      if (mayDecide(kind, apiVersion) && !plural.includes("/")) found.push({ kind, apiVersion, plural });
    }
  }
  return found;
}

function request(url: URL, options: RequestOptions): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const unreachable = (reason: string): void =>
      reject(new UsageError(`The API server ${url.origin} cannot be reached: ${reason}.`));
    const ask = url.protocol === "http:" ? httpGet : get;
    ask(url, { ...options, headers: { ...options.headers, accept: "application/json" } }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", (error) => unreachable(error.message));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
      );
    })
      .on("timeout", function timedOut(this: { destroy(error: Error): void }) {
        this.destroy(new Error(`no answer within ${String(timeoutMs / 1000)} s`));
      })
      .on("error", (error) => unreachable(error.message));
  });
}
