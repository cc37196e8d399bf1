import { aksError } from "../errors";
import { isObject, type JsonObject, numberAt, objectAt, stringAt, stringsAt } from "../json";
import { regions } from "../resource-manager/subscriptions";
import { mayBeVmSize } from "../resource-manager/vm-sizes";
import { minorOf, type OfferedVersion, resolveVersion } from "./versions";

/** What a pool takes from its cluster. */
export interface PoolSurroundings {
  readonly location: string;
  /** The cluster's version as it was asked for, such as `1.35`. */
  readonly kubernetesVersion: string;
  /** The patch version that the control plane runs. */
  readonly controlPlaneVersion: string;
  readonly offered: readonly OfferedVersion[];
  /** The newest node image of an operating system. */
  readonly nodeImage: (osType: string, osSku: string) => string;
  readonly networkProfile: JsonObject;
  readonly longTermSupport: boolean;
  /** Inline pools of a new cluster get maxSurge filled in; pools made on their own do not. */
  readonly inline: boolean;
}

/** Name that AKS accepts for a pool. */
const POOL_NAME = /^[a-z][a-z0-9]{0,11}$/;
const MAX_NODES_PER_POOL = 1000;

/** Pods a node takes where nothing is said: by network plugin. */
function defaultMaxPods(networkProfile: JsonObject): number {
  const plugin = stringAt(networkProfile, "networkPlugin") ?? "azure";
  if (plugin === "kubenet") return 110;
  return plugin === "azure" && stringAt(networkProfile, "networkPluginMode") !== "overlay" ? 30 : 250;
}

/** The taint and the label that AKS gives spot nodes, so that only pods which tolerate being evicted run there. */
const SPOT_KEY = "kubernetes.azure.com/scalesetpriority";
const SPOT_TAINT = `${SPOT_KEY}=spot:NoSchedule`;

/**
 * The settings of a pool after a request: what the request leaves out stays. Only the autoscaler's bounds go with the autoscaler:
 * without it a pool has none.
 */
export function mergePool(before: JsonObject, asked: JsonObject): JsonObject {
  const merged: JsonObject = { ...before, ...asked };
  if (merged["enableAutoScaling"] === true) return merged;
  for (const bound of ["minCount", "maxCount"]) if (asked[bound] === undefined) delete merged[bound];
  return merged;
}

/** What AKS adds to pools of spot nodes, and leaves there whatever a request says. */
function spotProperties(wanted: JsonObject): JsonObject {
  const taints = stringsAt(wanted, "nodeTaints");
  return {
    scaleSetEvictionPolicy: wanted["scaleSetEvictionPolicy"] ?? "Delete",
    spotMaxPrice: wanted["spotMaxPrice"] ?? -1,
    nodeLabels: { ...objectAt(wanted, "nodeLabels"), [SPOT_KEY]: "spot" },
    nodeTaints: taints.includes(SPOT_TAINT) ? taints : [...taints, SPOT_TAINT],
  };
}

/** The taint that AKS gives the nodes of gateway pools, which carry no workloads. */
const GATEWAY_TAINT = "kubernetes.azure.com/mode=gateway:NoSchedule";

/** Addresses of a gateway pool where nothing is said: a prefix of two. */
const DEFAULT_PREFIX_SIZE = 31;

/** Whether the nodes of a pool are there for Static Egress Gateway alone. */
export function isGatewayPool(pool: JsonObject): boolean {
  return stringAt(pool, "mode") === "Gateway";
}

/** What AKS adds to gateway pools. */
function gatewayProperties(wanted: JsonObject): JsonObject {
  const taints = stringsAt(wanted, "nodeTaints");
  return {
    gatewayProfile: { publicIPPrefixSize: DEFAULT_PREFIX_SIZE, ...objectAt(wanted, "gatewayProfile") },
    nodeTaints: taints.includes(GATEWAY_TAINT) ? taints : [...taints, GATEWAY_TAINT],
  };
}

/** What AKS refuses of a gateway pool, by the property that it blames. */
function gatewayProblem(pool: JsonObject): readonly [property: string, detail: string] | undefined {
  if (!isGatewayPool(pool)) {
    return pool["gatewayProfile"] === undefined
      ? undefined
      : ["gatewayProfile", "it cannot be set if the agent pool's mode is not Gateway"];
  }
  const size = numberAt(pool, "gatewayProfile", "publicIPPrefixSize") ?? DEFAULT_PREFIX_SIZE;
  const addresses = 2 ** (32 - size);
  const count = numberAt(pool, "count") ?? 0;
  if (stringAt(pool, "osType") === "Windows") return ["osType", "a pool in mode Gateway has to run Linux"];
  if (pool["enableAutoScaling"] === true) {
    return ["enableAutoScaling", "a pool in mode Gateway does not support the cluster autoscaler"];
  }
  if (stringAt(pool, "scaleSetPriority") === "Spot") {
    return ["scaleSetPriority", "a Spot pool cannot be in mode Gateway"];
  }
  return count > addresses
    ? ["count", `${count} is more than the ${addresses} addresses of a public IP prefix of size ${size}`]
    : undefined;
}

/** The patch version that a pool gets: the control plane's where it is of the same minor version. */
function poolVersion(wanted: string, current: string | undefined, surroundings: PoolSurroundings): string {
  const { controlPlaneVersion } = surroundings;
  const follows = wanted === minorOf(controlPlaneVersion);
  const running = current !== undefined && (wanted === current || wanted === minorOf(current));
  if (follows && !running) return controlPlaneVersion;
  return resolveVersion(wanted, { ...surroundings, current });
}

/**
 * The properties of a pool as Azure returns them: the wanted ones with the defaults filled in. Without provisioningState.
 *
 * @param before the pool's properties so far; of a new one, none.
 */
export function completePool(before: JsonObject, asked: JsonObject, surroundings: PoolSurroundings): JsonObject {
  const wanted = mergePool(before, asked);
  const osType = stringAt(wanted, "osType") ?? "Linux";
  const osSKU = stringAt(wanted, "osSKU") ?? (osType === "Windows" ? "Windows2022" : "Ubuntu");
  const version = stringAt(wanted, "orchestratorVersion") ?? surroundings.kubernetesVersion;
  const autoscaling = wanted["enableAutoScaling"] === true;
  const current = stringAt(before, "currentOrchestratorVersion");
  const resolved =
    stringAt(wanted, "orchestratorVersion") === undefined
      ? surroundings.controlPlaneVersion
      : poolVersion(version, current, surroundings);
  const isSpot = wanted["scaleSetPriority"] === "Spot";
  const minimum = autoscaling ? (numberAt(wanted, "minCount") ?? 1) : 0;
  return {
    ...wanted,
    count: Math.max(numberAt(wanted, "count") ?? 1, minimum),
    currentOrchestratorVersion: resolved,
    enableAutoScaling: autoscaling,
    enableEncryptionAtHost: wanted["enableEncryptionAtHost"] ?? false,
    enableFIPS: wanted["enableFIPS"] ?? false,
    enableNodePublicIP: wanted["enableNodePublicIP"] ?? false,
    enableUltraSSD: wanted["enableUltraSSD"] ?? false,
    kubeletDiskType: wanted["kubeletDiskType"] ?? "OS",
    maxPods: wanted["maxPods"] ?? defaultMaxPods(surroundings.networkProfile),
    mode: wanted["mode"] ?? "User",
    // Nodes keep their image until they are upgraded or get another operating system.
    nodeImageVersion:
      resolved === current &&
      before["osSKU"] === osSKU &&
      sameValue(before["enableFIPS"], wanted["enableFIPS"] ?? false)
        ? stringAt(before, "nodeImageVersion")
        : surroundings.nodeImage(osType, osSKU),
    orchestratorVersion: version,
    osDiskSizeGB: numberAt(wanted, "osDiskSizeGB") || 128,
    osDiskType: wanted["osDiskType"] ?? "Managed",
    osSKU,
    osType,
    powerState: wanted["powerState"] ?? { code: "Running" },
    scaleDownMode: wanted["scaleDownMode"] ?? "Delete",
    type: wanted["type"] ?? "VirtualMachineScaleSets",
    upgradeSettings: wanted["upgradeSettings"] ?? (surroundings.inline && !isSpot ? { maxSurge: "10%" } : {}),
    vmSize: wanted["vmSize"] ?? "Standard_D4ds_v5",
    ...(isSpot ? spotProperties(wanted) : {}),
    ...(isGatewayPool(wanted) ? gatewayProperties(wanted) : {}),
  };
}

/**
 * What AKS checks of one pool beyond its schema.
 *
 * @param path where the pool's properties are in the request, for messages.
 * @throws ArmError 400.
 */
export function checkPool(name: string, pool: JsonObject, surroundings: PoolSurroundings, path: string): void {
  const invalid = (property: string, detail: string): never => {
    throw aksError(
      400,
      "InvalidParameter",
      `The value of parameter ${path}.${property} is invalid. Error details: ${detail}. Please see https://aka.ms/aks-naming-rules for more details.`,
      { target: `${path}.${property}` },
    );
  };
  const windows = stringAt(pool, "osType") === "Windows";
  if (!POOL_NAME.test(name)) {
    invalid(
      "name",
      `'${name}' has to start with a lower-case letter and to have at most 12 lower-case letters and digits`,
    );
  }
  if (windows && name.length > 6) invalid("name", `'${name}' has more than 6 characters, the most for a Windows pool`);
  const vmSize = stringAt(pool, "vmSize") ?? "";
  if (!mayBeVmSize(vmSize)) {
    throw aksError(
      400,
      "BadRequest",
      `The VM size of ${vmSize} is not allowed in your subscription in location '${surroundings.location}'. For more details, please visit https://aka.ms/cpu-quota`,
      { target: `${path}.vmSize` },
    );
  }
  const mode = stringAt(pool, "mode");
  const count = numberAt(pool, "count") ?? 0;
  if (count > MAX_NODES_PER_POOL)
    invalid("count", `${count} is more than the ${MAX_NODES_PER_POOL} nodes a pool may have`);
  if (mode === "System" && windows) invalid("osType", "a pool in mode System has to run Linux");
  if (mode === "System" && count < 1) invalid("count", "a pool in mode System needs at least one node");
  if (mode === "System" && stringAt(pool, "scaleSetPriority") === "Spot") {
    invalid("scaleSetPriority", "a Spot pool cannot be in mode System");
  }
  if (stringAt(pool, "scaleSetPriority") === "Spot" && stringAt(pool, "upgradeSettings", "maxSurge") !== undefined) {
    invalid("upgradeSettings.maxSurge", "Spot pools can't set max surge");
  }
  const gateway = gatewayProblem(pool);
  if (gateway !== undefined) invalid(...gateway);
  const maxPods = numberAt(pool, "maxPods") ?? 30;
  if (maxPods < 10 || maxPods > 250) invalid("maxPods", `${maxPods} is not between 10 and 250`);
  if (pool["enableAutoScaling"] === true) {
    const minimum = numberAt(pool, "minCount");
    const maximum = numberAt(pool, "maxCount");
    if (minimum === undefined || maximum === undefined) {
      invalid(minimum === undefined ? "minCount" : "maxCount", "enableAutoScaling needs minCount and maxCount");
    } else if (minimum > maximum) {
      invalid("minCount", `${minimum} is more than maxCount, ${maximum}`);
    } else if (count < minimum || count > maximum) {
      invalid("count", `${count} is not between minCount, ${minimum}, and maxCount, ${maximum}`);
    } else if (mode === "System" && minimum < 1) {
      invalid("minCount", "a pool in mode System needs at least one node");
    }
  } else if (pool["minCount"] !== undefined || pool["maxCount"] !== undefined) {
    invalid(pool["minCount"] === undefined ? "maxCount" : "minCount", "it needs enableAutoScaling to be true");
  }
  const zones = stringsAt(pool, "availabilityZones");
  const noZone = zones.find((zone) => !["1", "2", "3"].includes(zone));
  if (noZone !== undefined || (zones.length > 0 && regions[surroundings.location]?.zones !== true)) {
    throw aksError(
      400,
      "AvailabilityZoneNotSupported",
      `Preflight validation check for resource(s) failed: the zone(s) '${zones.join("','")}' for resource 'agentpool ${name}' is not supported in ${surroundings.location}.`,
      { target: `${path}.availabilityZones` },
    );
  }
  const isSpot = stringAt(pool, "scaleSetPriority") === "Spot";
  const label = Object.keys(objectAt(pool, "nodeLabels")).find(
    (key) => /^(?:[^/]+\.)?kubernetes\.azure\.com\//i.test(key) && !(isSpot && key === SPOT_KEY),
  );
  if (label !== undefined)
    invalid("nodeLabels", `the label '${label}' is AKS's own, as all of kubernetes.azure.com are`);
  for (const taint of stringsAt(pool, "nodeTaints")) {
    if (!/^[\w./-]+(?:=[\w.-]*)?:(?:NoSchedule|PreferNoSchedule|NoExecute)$/.test(taint)) {
      invalid("nodeTaints", `'${taint}' is not of the form key=value:NoSchedule, PreferNoSchedule or NoExecute`);
    }
  }
}

/** Properties that cannot be changed once a pool is there. */
const IMMUTABLE = [
  "vmSize",
  "osDiskSizeGB",
  "osDiskType",
  "osType",
  "kubeletDiskType",
  "maxPods",
  "vnetSubnetID",
  "podSubnetID",
  "availabilityZones",
  "type",
  "enableEncryptionAtHost",
  "enableNodePublicIP",
  "enableUltraSSD",
  "gpuInstanceProfile",
  "nodePublicIPPrefixID",
  "proximityPlacementGroupID",
  "scaleSetPriority",
  "scaleSetEvictionPolicy",
  "workloadRuntime",
  "kubeletConfig",
  "linuxOSConfig",
  "gatewayProfile",
] as const;

/** What a pool is that says nothing. Microsoft's SDK for JavaScript says it for whoever puts back what was read. */
const UNSAID: JsonObject = { scaleSetPriority: "Regular", scaleSetEvictionPolicy: "Delete" };

/** @throws ArmError 400 PropertyChangeNotAllowed where a wanted property differs from what was fixed at creation. */
export function checkPoolChange(existing: JsonObject, wanted: JsonObject, path: string): void {
  const refuse = (property: string): never => {
    throw aksError(400, "PropertyChangeNotAllowed", `Changing property '${path}.${property}' is not allowed.`, {
      target: `${path}.${property}`,
    });
  };
  for (const property of IMMUTABLE) {
    const after = wanted[property];
    if (after === undefined || after === null) continue;
    if (property === "osDiskSizeGB" && after === 0) continue;
    if (!sameValue(existing[property] ?? UNSAID[property], after)) refuse(property);
  }
  // System and User change into each other; a gateway pool is one from the beginning.
  if (wanted["mode"] !== undefined && isGatewayPool(existing) !== isGatewayPool(wanted)) refuse("mode");
}

/** Whether two settings mean the same: names and sizes without regard to case, lists without regard to order. */
export function sameValue(before: unknown, after: unknown): boolean {
  if (typeof before === "string" && typeof after === "string") return before.toLowerCase() === after.toLowerCase();
  if (Array.isArray(after)) {
    const rest: unknown[] = Array.isArray(before) ? [...before] : [];
    if (rest.length !== after.length) return false;
    return after.every((item) => {
      const index = rest.findIndex((candidate) => sameValue(candidate, item));
      if (index !== -1) rest.splice(index, 1);
      return index !== -1;
    });
  }
  if (isObject(after)) {
    if (!isObject(before)) return Object.keys(after).length === 0;
    return Object.keys(after).every((key) => sameValue(before[key], after[key]));
  }
  return (before ?? null) === (after ?? null);
}

/** The stored pool resource as an element of a cluster's agentPoolProfiles. */
export function inlineProfile(pool: JsonObject): JsonObject {
  return { name: stringAt(pool, "name"), ...objectAt(pool, "properties") };
}
