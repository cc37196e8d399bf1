import { type ControlPlane, type IstioAddon, type NodePool } from "../../control-plane/types";
import { type ClusterBackend } from "../cluster-backend";
import { type ArmContext } from "../context";
import {
  isObject,
  type JsonObject,
  numberAt,
  objectAt,
  objectsAt,
  propertyIgnoringCase,
  stringAt,
  stringsAt,
  valueAt,
} from "../json";
import { findResource, resourcesBelow } from "../resource-manager/resources";
import { type Change } from "../store";
import { authoritySync } from "./authority-sync";
import { pluggedInAuthority } from "./mesh-authority";
import { istioIsOn } from "./service-mesh";

/** AKS's server application in Entra ID: the audience of tokens for clusters. */
export const aksServerApplicationId = "6dae42f8-4368-4678-94ff-3960e28e3630";

const staticEgressGateway = ["properties", "networkProfile", "staticEgressGatewayProfile", "enabled"];

const keda = ["properties", "workloadAutoScalerProfile", "keda", "enabled"];

/** The control planes behind the clusters. */
export interface ControlPlanes {
  /** Opens a cluster's control plane, or returns the one that is open. */
  open(context: ArmContext, clusterId: string): Promise<ControlPlane>;
  /** Makes nodes and mesh as the stored cluster says. */
  reconcile(context: ArmContext, clusterId: string, crdDelaySeconds: number): Promise<void>;
  /** Removes a cluster's control plane with its data. */
  destroy(context: ArmContext, clusterId: string): Promise<void>;
  /** Opens those of all clusters there are, after a restart. */
  openAll(context: ArmContext): Promise<void>;
  /** Stops all, keeping their data. */
  stopAll(): Promise<void>;
  /** Ends what goes on beside requests; the control planes themselves go on. */
  close(): void;
  /** Whether a cluster's control plane is open, and where. */
  server(clusterId: string): string | undefined;
  /** Why a cluster's control plane did not start the last time, in one line; undefined where it did. */
  problem(clusterId: string): string | undefined;
}

/** What the store remembers besides the resource: whether the mesh was put on the cluster. */
function meshKey(clusterId: string): string {
  return `mesh:${clusterId.toLowerCase()}`;
}

/** Removes what is remembered of a cluster besides its resource. */
export function forgetCluster(clusterId: string): Change {
  return { delete: [meshKey(clusterId)] };
}

/** The openServiceMesh profile's `enabled`; add-on keys are compared without regard to case. */
export function meshEnabled(cluster: JsonObject): boolean | undefined {
  const profile = propertyIgnoringCase(objectAt(cluster, "properties", "addonProfiles"), "openServiceMesh")?.value;
  return isObject(profile) && typeof profile["enabled"] === "boolean" ? profile["enabled"] : undefined;
}

/** The Istio add-on of a cluster; undefined where it has none. */
export function istioAddon(cluster: JsonObject | undefined): IstioAddon | undefined {
  const profile = objectAt(cluster, "properties", "serviceMeshProfile");
  if (!istioIsOn(profile)) return undefined;
  const modes = objectsAt(profile, "istio", "components", "ingressGateways").flatMap((gateway) =>
    gateway["enabled"] === true ? (stringAt(gateway, "mode")?.toLowerCase() ?? []) : [],
  );
  return {
    revisions: stringsAt(profile, "istio", "revisions"),
    pluggedInAuthority: pluggedInAuthority(cluster) !== undefined,
    ingressGateways: (["External", "Internal"] as const).filter((mode) => modes.includes(mode.toLowerCase())),
    egressGateways: objectsAt(profile, "istio", "components", "egressGateways")
      .filter((gateway) => gateway["enabled"] === true)
      .map((gateway) => ({
        name: stringAt(gateway, "name") ?? "",
        namespace: stringAt(gateway, "namespace") ?? "",
        configuration: stringAt(gateway, "gatewayConfigurationName") ?? "",
      })),
  };
}

/** Opens the directory of control planes over a backend. */
export function openControlPlanes(options: {
  readonly backend: ClusterBackend;
  readonly issuerUrl: string;
  readonly caFile: string;
  /** What API servers show where they ask the guard. */
  readonly guardToken: string;
}): ControlPlanes {
  const { backend, issuerUrl, caFile, guardToken } = options;
  const opened = new Map<string, Promise<ControlPlane>>();
  const servers = new Map<string, string>();
  const problems = new Map<string, string>();
  const authorities = authoritySync();

  function open(context: ArmContext, clusterId: string): Promise<ControlPlane> {
    const key = clusterId.toLowerCase();
    const known = opened.get(key);
    if (known !== undefined) return known;
    const cluster = findResource(context, clusterId);
    const network = objectAt(cluster, "properties", "networkProfile");
    const opening = backend.open(key, {
      name: stringAt(cluster, "name") ?? key.split("/").at(-1) ?? key,
      location: stringAt(cluster, "location"),
      log: context.log,
      nodeResourceGroup: stringAt(cluster, "properties", "nodeResourceGroup"),
      serviceCidr: stringAt(network, "serviceCidr") ?? "10.0.0.0/16",
      dnsServiceIP: stringAt(network, "dnsServiceIP") ?? "10.0.0.10",
      serviceAccountIssuer: stringAt(cluster, "properties", "oidcIssuerProfile", "issuerURL"),
      oidc: { issuerUrl, clientId: aksServerApplicationId, caFile },
      authorizationWebhookUrl: `${context.baseUrl}/_sandbox/guard${key}`,
      authorizationWebhookCaFile: caFile,
      authorizationWebhookToken: guardToken,
    });
    opened.set(key, opening);
    opening.then(
      (plane) => {
        servers.set(key, plane.server);
        problems.delete(key);
      },
      (error: unknown) => {
        opened.delete(key);
        problems.set(key, (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "");
      },
    );
    return opening;
  }

  return {
    open,
    async reconcile(context, clusterId, crdDelaySeconds) {
      const plane = await open(context, clusterId);
      await plane.setNodePools(nodePools(context, clusterId));
      const cluster = findResource(context, clusterId);
      if (cluster === undefined) return;
      const wanted = meshEnabled(cluster) === true;
      const has = context.store.get(meshKey(clusterId)) !== undefined;
      if (wanted && !has) {
        await plane.enableOpenServiceMesh({ crdDelaySeconds });
        context.store.commit({ put: { [meshKey(clusterId)]: { enabledAt: context.now() } } });
      } else if (!wanted && has) {
        await plane.disableOpenServiceMesh();
        context.store.commit({ delete: [meshKey(clusterId)] });
      }
      await plane.setKeda(valueAt(cluster, ...keda) === true);
      if (valueAt(cluster, ...staticEgressGateway) === true) await plane.enableStaticEgressGateway();
      await plane.setIstio(istioAddon(cluster), { crdDelaySeconds });
      authorities.follow(context, clusterId, plane);
    },
    async destroy(context, clusterId) {
      if (findResource(context, clusterId) === undefined) return;
      authorities.stop(clusterId);
      const plane = await open(context, clusterId);
      await plane.destroy();
      opened.delete(clusterId.toLowerCase());
      servers.delete(clusterId.toLowerCase());
      problems.delete(clusterId.toLowerCase());
    },
    async openAll(context) {
      const clusters = resourcesBelow(
        context,
        `/subscriptions/${context.identity.subscriptionId}/resourceGroups`,
      ).filter(
        (resource) => stringAt(resource, "type")?.toLowerCase() === "microsoft.containerservice/managedclusters",
      );
      const results = await Promise.allSettled(
        clusters.map(async (cluster) => {
          const id = stringAt(cluster, "id") ?? "";
          authorities.follow(context, id, await open(context, id));
        }),
      );
      for (const result of results) {
        if (result.status === "rejected") context.log(`control plane not opened: ${String(result.reason)}`);
      }
    },
    close: () => authorities.stop(),
    async stopAll() {
      authorities.stop();
      const planes = await Promise.allSettled(opened.values());
      await Promise.all(planes.flatMap((plane) => (plane.status === "fulfilled" ? [plane.value.stop()] : [])));
      opened.clear();
      servers.clear();
    },
    problem: (clusterId) => problems.get(clusterId.toLowerCase()),
    server: (clusterId) => servers.get(clusterId.toLowerCase()),
  };
}

const modes: Readonly<Record<string, NodePool["mode"]>> = { System: "System", User: "User", Gateway: "Gateway" };

/** The stored agent pools of a cluster as groups of nodes. A pool that is being deleted has none any more. */
function nodePools(context: ArmContext, clusterId: string): NodePool[] {
  return resourcesBelow(context, clusterId)
    .filter(
      (resource) =>
        stringAt(resource, "type")?.toLowerCase() === "microsoft.containerservice/managedclusters/agentpools",
    )
    .filter((pool) => stringAt(pool, "properties", "provisioningState") !== "Deleting")
    .map((pool) => {
      const properties = objectAt(pool, "properties");
      const stopped = stringAt(properties, "powerState", "code") === "Stopped";
      const labels = Object.entries(objectAt(properties, "nodeLabels")).filter(
        (entry): entry is [string, string] => typeof entry[1] === "string",
      );
      return {
        name: stringAt(pool, "name") ?? "",
        mode: modes[stringAt(properties, "mode") ?? ""] ?? "User",
        publicIpPrefixSize: numberAt(properties, "gatewayProfile", "publicIPPrefixSize"),
        count: stopped ? 0 : (numberAt(properties, "count") ?? 0),
        vmSize: stringAt(properties, "vmSize") ?? "",
        zones: stringsAt(properties, "availabilityZones"),
        labels: Object.fromEntries(labels),
        taints: stringsAt(properties, "nodeTaints"),
        maxPods: numberAt(properties, "maxPods") ?? 30,
        kubernetesVersion: stringAt(properties, "currentOrchestratorVersion") ?? "",
        nodeImageVersion: stringAt(properties, "nodeImageVersion") ?? "",
        osSku: stringAt(properties, "osSKU") ?? "Ubuntu",
        maxSurge: stringAt(properties, "upgradeSettings", "maxSurge"),
      };
    });
}
