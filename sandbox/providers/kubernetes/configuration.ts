import { equal, isObject, type JsonObject } from "./client/json";
import {
  activeCluster,
  ambientKubeconfig,
  connectionOf,
  parseKubeconfig,
  type Connection,
  type Kubeconfig,
  type Selection,
} from "./client/kubeconfig";
import {
  Secret,
  isPropertyMap,
  reveal,
  unknown,
  valuesEqual,
  type DiffResult,
  type PropertyDiff,
  type PropertyMap,
  type PropertyValue,
} from "../protocol";
import { toInputs, toJson } from "./properties";
import type { MutabilitySettings } from "./immutable-fields";

/** The provider's settings, as `kubernetes.ProviderArgs` describes them. */
export interface Configuration extends MutabilitySettings {
  /** Where the cluster is, or why that is not known. */
  readonly connection: Connection | { readonly unavailable: string };
  /** For namespaced objects that name none: setting, else the context's, else `default`. */
  readonly defaultNamespace: string;
  readonly deleteUnreachable: boolean;
  readonly enablePatchForce: boolean;
  /** How long a Service's Endpoints must stay the same before it counts as ready, in milliseconds. */
  readonly serviceSettleTime: number;
  readonly skipUpdateUnreachable: boolean;
  readonly suppressDeprecationWarnings: boolean;
  readonly upsertExistingObjects: boolean;
}

/**
 * Reads the provider's inputs; nested values and booleans come as JSON text.
 *
 * A kubeconfig that cannot be used is no error yet, as with the real provider: previews go on without a cluster.
 * @throws an Error for settings this stand-in does not have.
 */
export function readConfiguration(inputs: PropertyMap, environment: NodeJS.ProcessEnv): Configuration {
  const flag = (name: string, variable: string): boolean =>
    (textOf(inputs[name]) ?? environment[variable] ?? "").toLowerCase() === "true";
  if (textOf(inputs["renderYamlToDirectory"]) !== undefined) {
    throw new Error("provider.renderYamlToDirectory is not supported by the sandbox's kubernetes provider");
  }
  if (textOf(inputs["enableServerSideApply"]) === "false") {
    throw new Error(
      "provider.enableServerSideApply = false is not supported by the sandbox's kubernetes provider: " +
        "it always applies server-side; leave the setting out",
    );
  }
  const connection = connect(inputs, environment);
  return {
    connection,
    defaultNamespace:
      textOf(inputs["namespace"]) ?? ("unavailable" in connection ? undefined : connection.namespace) ?? "default",
    deleteUnreachable: flag("deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE"),
    enableConfigMapMutable: flag("enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
    enablePatchForce: flag("enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"),
    enableSecretMutable: flag("enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
    serviceSettleTime: settleTime(environment),
    skipUpdateUnreachable: flag("skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE"),
    suppressDeprecationWarnings: flag("suppressDeprecationWarnings", "PULUMI_K8S_SUPPRESS_DEPRECATION_WARNINGS"),
    upsertExistingObjects: flag("upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"),
  };
}

/** The variable that makes the stand-in wait as long as the real provider does, where it would wait for its own sake only. */
const settleVariable = "AKS_MESH_SETTLE_TIMES";

function settleTime(environment: NodeJS.ProcessEnv): number {
  const chosen = environment[settleVariable] ?? "";
  if (chosen === "") return 0;
  if (chosen === "real") return 10_000;
  throw new Error(`${settleVariable} is ${JSON.stringify(chosen)}; write real, or leave it out for no such waits`);
}

function connect(inputs: PropertyMap, environment: NodeJS.ProcessEnv): Configuration["connection"] {
  if (["kubeconfig", "context", "cluster"].some((key) => plain(inputs[key]) === unknown)) {
    return { unavailable: "the provider's kubeconfig is not known yet" };
  }
  try {
    const kubeconfig = kubeconfigOf(inputs["kubeconfig"]) ?? ambient(environment);
    if (kubeconfig === undefined) {
      return { unavailable: "no kubeconfig: set provider.kubeconfig, $KUBECONFIG or ~/.kube/config" };
    }
    return connectionOf(kubeconfig, selectionOf(inputs));
  } catch (error) {
    return { unavailable: error instanceof Error ? error.message : String(error) };
  }
}

function ambient(environment: NodeJS.ProcessEnv): Kubeconfig | undefined {
  const path = ambientKubeconfig(environment);
  return path === undefined ? undefined : parseKubeconfig(path);
}

/** A kubeconfig from the provider's inputs: text, a path, or an object (also as JSON text). */
function kubeconfigOf(value: PropertyValue | undefined): Kubeconfig | undefined {
  const content = plain(value);
  if (isPropertyMap(content)) return parseKubeconfig(toJson(toInputs(content)));
  return typeof content === "string" && content !== "" ? parseKubeconfig(content) : undefined;
}

function selectionOf(inputs: PropertyMap): Selection {
  return { context: textOf(inputs["context"]), cluster: textOf(inputs["cluster"]) };
}

function plain(value: PropertyValue | undefined): PropertyValue | undefined {
  return value instanceof Secret ? value.value : value;
}

function textOf(value: PropertyValue | undefined): string | undefined {
  if (value === undefined) return undefined;
  const text = reveal(value);
  if (typeof text === "boolean") return String(text);
  return typeof text === "string" && text !== "" ? text : undefined;
}

/**
 * How two sets of provider inputs differ. Another active cluster replaces the provider and with it all of its objects; new
 * credentials for the same cluster do not. A kubeconfig that is not known yet may be another cluster's, so it replaces, unless
 * `clusterIdentifier` says that it is the same.
 */
export function diffConfiguration(olds: PropertyMap, news: PropertyMap): DiffResult {
  const changed = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
    (key) => !valuesEqual(olds[key], news[key]),
  );
  const replacing = new Set(replacingKeys(olds, news, changed));
  return {
    changes: changed.length === 0 ? "none" : "some",
    detailedDiff: Object.fromEntries(
      changed.map((key): [string, PropertyDiff] => {
        const kind = olds[key] === undefined ? "add" : news[key] === undefined ? "delete" : "update";
        return [key, { kind: replacing.has(key) ? `${kind}-replace` : kind }];
      }),
    ),
  };
}

function replacingKeys(olds: PropertyMap, news: PropertyMap, changed: readonly string[]): readonly string[] {
  const [before, after] = [textOf(olds["clusterIdentifier"]), textOf(news["clusterIdentifier"])];
  if (before !== undefined && after !== undefined) return before === after ? [] : ["clusterIdentifier"];

  const choosing = changed.filter((key) => ["kubeconfig", "context", "cluster"].includes(key));
  const open = choosing.filter((key) => plain(news[key]) === unknown);
  if (open.length > 0) return open;
  const [oldCluster, newCluster] = [clusterOf(olds), clusterOf(news)];
  const another = oldCluster !== undefined && newCluster !== undefined && !equal(oldCluster, newCluster);
  return another ? choosing : [];
}

function clusterOf(inputs: PropertyMap): JsonObject | undefined {
  const kubeconfig = kubeconfigOf(inputs["kubeconfig"]);
  const cluster = kubeconfig === undefined ? undefined : activeCluster(kubeconfig, selectionOf(inputs));
  return isObject(cluster) ? cluster : undefined;
}
