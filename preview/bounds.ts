import { isJsonObject, type JsonObject } from "../mesh/manifests";
import { type EngineResource } from "./plan";
import { type PreviewPolicy } from "./settings";

/** A pool of a plan, and the words by which it is told of. */
interface Pool {
  readonly title: string;
  /** Undefined where nothing of it is known before Azure is asked. */
  readonly settings: JsonObject | undefined;
}

/**
 * The resource types that a preview's own cluster is made of: those of Pulumi itself, of Kubernetes, of this program, and these of Azure. What
 * a team's stacks have besides, `previewResourceTypes` adds.
 */
const azureTypes: readonly string[] = [
  "authorization:RoleAssignment",
  "containerservice:AgentPool",
  "containerservice:MaintenanceConfiguration",
  "containerservice:ManagedCluster",
  "managedidentity:UserAssignedIdentity",
  "monitor:DataCollectionRule",
  "monitor:DataCollectionRuleAssociation",
  "monitor:DiagnosticSetting",
  "operationalinsights:Workspace",
  "resources:ResourceGroup",
];
const otherTypes = /^(pulumi:|kubernetes:|pulumi-nodejs:dynamic\/aks-mesh:)/;

/** The pool inside the request that creates a cluster: as large as the first pool of its own, for the minutes until that is ready. */
const bootstrapPool = "bootstrap";

/** What decides which pools AksCluster's own request names, which a plan does not know yet: the pool that it begins with is among its inputs. */
const inlinePools = "pulumi-nodejs:dynamic/aks-mesh:InlinePools";

/** Where a cluster of a preview's own is more than the team allows, one sentence each. */
export function beyondLimits(
  resources: readonly EngineResource[],
  { nodes, nodeSizes, resourceTypes }: Pick<PreviewPolicy, "nodes" | "nodeSizes" | "resourceTypes">,
): readonly string[] {
  const made = resources
    .filter(({ custom }) => custom)
    .map((resource) => ({ ...resource, type: unversioned(resource.type) }));
  const allowed = new Set([...azureTypes.map((type) => `azure-native:${type}`), ...resourceTypes]);
  const others = [...new Set(made.map(({ type }) => type))].filter(
    (type) => !allowed.has(type) && !otherTypes.test(type),
  );
  const announced = made.find(({ type }) => type === inlinePools)?.inputs["profile"];
  const pools = made.flatMap((resource) => poolsOf(resource, announced));
  const sizes = new Set(pools.map(({ settings }) => settings?.["vmSize"]).filter((size) => typeof size === "string"));
  const counts = pools.map(mostNodes);
  const largest = Math.max(
    0,
    ...pools.map(({ settings }, index) => (isBootstrap(settings) ? 0 : (counts[index] ?? 0))),
  );
  // The one takes the other's place.
  const count = pools.reduce((sum, { settings }, index) => {
    const most = counts[index] ?? 0;
    return isBootstrap(settings) && most <= largest ? sum : sum + most;
  }, 0);
  const clusters = made.filter(({ type }) => type === "azure-native:containerservice:ManagedCluster").length;
  return [
    ...others.map((type) => `A preview's own cluster is made of no ${type}: see previewResourceTypes in Pulumi.yaml.`),
    ...[...sizes]
      .filter((size) => !nodeSizes.includes(size))
      .map((size) => `Nodes of size ${size} are not allowed (${nodeSizes.join(", ")}).`),
    ...pools.flatMap(({ title, settings }, index) => [
      ...(typeof settings?.["vmSize"] === "string"
        ? []
        : [`The size of the nodes of ${title} is not known: write vmSize.`]),
      ...(counts[index] === undefined
        ? [`How many nodes ${title} can have is not known: write count or maxCount.`]
        : []),
    ]),
    ...(count > nodes ? [`The cluster could grow to ${count} nodes; at most ${nodes} are allowed.`] : []),
    ...(clusters > 1 ? [`There would be ${clusters} clusters; a preview has one.`] : []),
  ];
}

function isBootstrap(settings: Pool["settings"]): boolean {
  return settings?.["name"] === bootstrapPool;
}

/** A type without the version of the API that its module may name, as in `azure-native:containerservice/v20250901:AgentPool`. */
function unversioned(type: string): string {
  return type.replace(/^(azure-native:\w+)\/v\w+:/, "$1:");
}

/** @param announced JSON of the pools inside the cluster, where its own input is not known yet. */
function poolsOf({ type, urn, inputs }: EngineResource, announced: unknown): readonly Pool[] {
  const name = urn.split("::").at(-1) ?? "";
  if (type === "azure-native:containerservice:AgentPool") return [{ title: `pool ${name}`, settings: inputs }];
  const given = inputs["agentPoolProfiles"];
  if (type !== "azure-native:containerservice:ManagedCluster" || given === undefined) return [];
  const profiles: unknown = Array.isArray(given) || typeof announced !== "string" ? given : poolsIn(announced);
  if (!Array.isArray(profiles)) return [{ title: `agentPoolProfiles of ${name}`, settings: undefined }];
  return profiles.map((profile: unknown, index) => ({
    title: `agentPoolProfiles[${index}] of ${name}`,
    settings: isJsonObject(profile) ? profile : undefined,
  }));
}

function poolsIn(json: string): unknown {
  try {
    const value: unknown = JSON.parse(json);
    return isJsonObject(value) ? [value] : value;
  } catch {
    // Not known yet either.
    return undefined;
  }
}

/** The most nodes that a pool can have; undefined where that is not known before Azure is asked. */
function mostNodes({ settings }: Pool): number | undefined {
  if (settings === undefined) return undefined;
  const { count, maxCount, enableAutoScaling } = settings;
  if (enableAutoScaling === true) return nodesIn(maxCount);
  if (enableAutoScaling !== undefined && enableAutoScaling !== false) return undefined;
  return nodesIn(count) ?? (count === undefined ? nodesIn(maxCount ?? 1) : undefined);
}

function nodesIn(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : undefined;
}
