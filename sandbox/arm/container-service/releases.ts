import { type ArmContext } from "../context";
import { ArmError } from "../errors";
import { type JsonObject, objectAt, stringAt, stringsAt } from "../json";
import { milliseconds } from "../latency";
import { resourceKey, resourcesBelow } from "../resource-manager/resources";
import { CLUSTER_TYPE, poolsOf, withState } from "./cluster-resources";
import { MESH_RELEASES_KEY, withRevision } from "./mesh-revisions";
import { newestNodeImage, NODE_IMAGE_KEY } from "./node-images";
import { compareVersions, minorOf, offeredVersions, RELEASES_KEY } from "./versions";

/** Channels that take a new patch of a cluster's minor version. */
const PATCH_CHANNELS = ["patch", "stable", "rapid"];
/** Channels of the nodes' operating system that take a new node image. */
const IMAGE_CHANNELS = ["NodeImage", "SecurityPatch"];

/** The resources of a cluster as they are once it has upgraded itself; none where its channel takes nothing. */
type Upgrade = (cluster: JsonObject, pools: readonly JsonObject[]) => JsonObject[] | undefined;

/**
 * Azure releases something: `{kubernetes: "1.35.5"}`, a patch of an offered minor version, or `{nodeImage: "202612.01.0"}`. It is
 * offered from then on, and every cluster whose upgrade channel takes it upgrades itself at once, as if its maintenance window were
 * open. A cluster on which another operation runs is passed over. `{meshRevision: "asm-1-31"}` is the next revision of the Istio
 * add-on: the oldest so far is supported no more, as if six weeks were over, and no cluster takes it by itself.
 *
 * @returns the ids of the clusters that upgrade themselves.
 * @throws ArmError 400 where the release is none.
 */
export function release(context: ArmContext, wanted: JsonObject): JsonObject {
  const { kubernetes, nodeImage, meshRevision } = wanted;
  if (typeof meshRevision === "string" && kubernetes === undefined && nodeImage === undefined) {
    const revisions = withRevision(context, meshRevision);
    if (revisions === undefined)
      throw invalid("meshRevision: write the one after the newest, as asm-1-31 after asm-1-30.");
    context.store.commit({ put: { [MESH_RELEASES_KEY]: revisions } });
    return { upgrading: [] };
  }
  if (typeof kubernetes === "string" && nodeImage === undefined) {
    context.store.commit({ put: { [RELEASES_KEY]: withPatch(context, kubernetes) } });
    return upgradeThemselves(context, patchUpgrade(context, kubernetes));
  }
  if (typeof nodeImage === "string" && kubernetes === undefined) {
    if (!/^\d{6}\.\d{2}\.\d+$/.test(nodeImage)) throw invalid(`nodeImage: write a version such as 202612.01.0.`);
    context.store.commit({ put: { [NODE_IMAGE_KEY]: { version: nodeImage } } });
    return upgradeThemselves(context, (cluster, pools) => {
      const channel = stringAt(cluster, "properties", "autoUpgradeProfile", "nodeOSUpgradeChannel") ?? "";
      if (!IMAGE_CHANNELS.includes(channel)) return undefined;
      return [cluster, ...pools.map((pool) => withNewestImage(context, pool))];
    });
  }
  throw invalid('write {"kubernetes": "1.35.5"}, {"nodeImage": "202612.01.0"} or {"meshRevision": "asm-1-31"}.');
}

function invalid(detail: string): ArmError {
  return new ArmError(400, "InvalidRelease", detail);
}

/** The patches released so far with one more. */
function withPatch(context: ArmContext, version: string): JsonObject {
  const minor = minorOf(version);
  const newest = offeredVersions(context)
    .find((offered) => offered.minor === minor)
    ?.patches.at(-1);
  if (!/^\d+\.\d+\.\d+$/.test(version) || newest === undefined || compareVersions(version, newest) <= 0) {
    const known = offeredVersions(context).map(({ patches }) => patches.at(-1) ?? "");
    throw invalid(`kubernetes: write a patch that is newer than one of ${known.join(", ")}.`);
  }
  const released = objectAt(context.store.get(RELEASES_KEY));
  return { ...released, [minor]: [...stringsAt(released, minor), version] };
}

/** What was asked for as a minor version stays so; a patch version is overwritten, as Azure does. */
function patchUpgrade(context: ArmContext, version: string): Upgrade {
  const asked = (before: string | undefined): string => (before === minorOf(version) ? before : version);
  const isOfMinor = (current: string | undefined): boolean => minorOf(current ?? "") === minorOf(version);
  return (cluster, pools) => {
    const properties = objectAt(cluster, "properties");
    const channel = stringAt(properties, "autoUpgradeProfile", "upgradeChannel") ?? "";
    if (!PATCH_CHANNELS.includes(channel) || !isOfMinor(stringAt(properties, "currentKubernetesVersion")))
      return undefined;
    const kubernetesVersion = asked(stringAt(properties, "kubernetesVersion"));
    return [
      { ...cluster, properties: { ...properties, kubernetesVersion, currentKubernetesVersion: version } },
      ...pools.map((pool) => {
        const before = objectAt(pool, "properties");
        if (!isOfMinor(stringAt(before, "currentOrchestratorVersion"))) return pool;
        const orchestratorVersion = asked(stringAt(before, "orchestratorVersion"));
        return withNewestImage(context, {
          ...pool,
          properties: { ...before, orchestratorVersion, currentOrchestratorVersion: version },
        });
      }),
    ];
  };
}

/** The pool with the newest node image of its operating system. */
export function withNewestImage(context: ArmContext, pool: JsonObject): JsonObject {
  const properties = objectAt(pool, "properties");
  const image = newestNodeImage(context, stringAt(properties, "osType") ?? "", stringAt(properties, "osSKU") ?? "");
  return { ...pool, properties: { ...properties, nodeImageVersion: image } };
}

function upgradeThemselves(context: ArmContext, upgrade: Upgrade): JsonObject {
  const { subscriptionId } = context.identity;
  const clusters = resourcesBelow(context, `/subscriptions/${subscriptionId}/resourceGroups`).filter(
    (resource) => stringAt(resource, "type") === CLUSTER_TYPE,
  );
  const upgrading = clusters.flatMap((cluster) => {
    const id = stringAt(cluster, "id") ?? "";
    const isStopped = stringAt(cluster, "properties", "powerState", "code") === "Stopped";
    const changed = upgrade(cluster, poolsOf(context, id));
    if (changed === undefined || isStopped || context.operations.holding(id.toLowerCase()) !== undefined) return [];
    context.operations.start(
      {
        kind: "clusterPut",
        target: id,
        lock: id.toLowerCase(),
        subscriptionId,
        milliseconds: milliseconds(context.latency(), "clusterUpdate"),
      },
      {
        put: Object.fromEntries(
          changed.map((resource) => [resourceKey(stringAt(resource, "id") ?? ""), withState(resource, "Upgrading")]),
        ),
      },
    );
    return [id];
  });
  return { upgrading };
}
