import { nearNames } from "../../../mesh/manifests/near-names";
import { NodePoolMode, OsDiskType } from "../enums";
import { type NodePoolSettings } from "../settings";
import { must, type Problem, quoted } from "../validation/problem";
import { liveCluster, livePoolVersion } from "./live-cluster";
import { listed, type Plan, type Question, regionName } from "./question";

/** A size of virtual machines in one region. */
export interface VmSize {
  readonly name: string;
  /** The family's name in quotas. */
  readonly family: string;
  readonly vcpus: number;
  readonly memoryGiB: number;
  readonly ephemeralOsDisk: boolean;
  readonly encryptionAtHost: boolean;
  readonly zones: readonly string[];
  /** Why the subscription may not have it here: Azure's code. */
  readonly restriction: string | undefined;
}

interface Sku {
  readonly resourceType: string;
  readonly name: string;
  readonly family?: string;
  readonly locationInfo?: readonly { readonly location: string; readonly zones?: readonly string[] }[];
  readonly capabilities?: readonly { readonly name: string; readonly value: string }[];
  readonly restrictions?: readonly {
    readonly type: string;
    readonly reasonCode?: string;
    readonly restrictionInfo?: { readonly zones?: readonly string[] };
  }[];
}

/** The least that AKS takes for a pool that carries its own pods. */
const leastForSystem = { vcpus: 2, memoryGiB: 4 } as const;

/** The sizes that the region has, by their names in lower case. */
export async function vmSizesOf({ azure, location }: Plan): Promise<ReadonlyMap<string, VmSize>> {
  const filter = encodeURIComponent(`location eq '${location}'`);
  const path = `/subscriptions/${azure.subscriptionId}/providers/Microsoft.Compute/skus?$filter=${filter}`;
  const skus = (await azure.list(`Reading the VM sizes of ${location}`, path, "2021-07-01")) as Sku[];
  const machines = skus.filter(({ resourceType }) => resourceType === "virtualMachines");
  if (machines.length === 0) throw new Error(`Azure named no VM sizes for ${location}.`);
  return new Map(machines.map((sku) => [sku.name.toLowerCase(), vmSize(sku, location)]));
}

function vmSize(sku: Sku, location: string): VmSize {
  const capability = (name: string): string | undefined => sku.capabilities?.find((one) => one.name === name)?.value;
  const restrictions = sku.restrictions ?? [];
  const withheld = restrictions
    .filter(({ type }) => type === "Zone")
    .flatMap((one) => one.restrictionInfo?.zones ?? []);
  const here = sku.locationInfo?.find((info) => regionName(info.location) === location);
  return {
    name: sku.name,
    family: sku.family ?? "",
    vcpus: Number(capability("vCPUs") ?? 0),
    memoryGiB: Number(capability("MemoryGB") ?? 0),
    ephemeralOsDisk: capability("EphemeralOSDiskSupported") === "True",
    encryptionAtHost: capability("EncryptionAtHostSupported") === "True",
    zones: (here?.zones ?? []).filter((zone) => !withheld.includes(zone)),
    restriction: restrictions.find(({ type }) => type === "Location")?.reasonCode,
  };
}

/** Whether the region has the size of each pool that would be made, and the size what the pool asks of it. */
export const vmSizes: Question = {
  subject: "the VM sizes",
  async ask(plan) {
    const [live, sizes] = await Promise.all([liveCluster(plan), vmSizesOf(plan)]);
    return {
      problems: plan.settings.nodePools.flatMap((pool, index) =>
        livePoolVersion(live, pool) === undefined
          ? sizeProblems(pool, `nodePools[${index}]`, sizes, plan.location)
          : [],
      ),
    };
  },
};

function sizeProblems(
  pool: NodePoolSettings,
  path: string,
  sizes: ReadonlyMap<string, VmSize>,
  location: string,
): Problem[] {
  const size = sizes.get(pool.vmSize.toLowerCase());
  if (size === undefined || size.restriction !== undefined) {
    const usable = [...sizes.values()].filter(({ vcpus, restriction }) => vcpus >= 2 && restriction === undefined);
    const near = nearNames(
      pool.vmSize,
      usable.map(({ name }) => name),
    );
    const remedy = near.length > 0 ? listed(near, "or") : "another size, or another location";
    const wrong =
      size === undefined
        ? `which Azure does not offer in ${location}`
        : `which this subscription may not use in ${location} (${size.restriction})`;
    return must(false, `${path}.vmSize`, `is ${quoted(pool.vmSize)}, ${wrong}. Write ${remedy}.`);
  }
  const has = `${size.vcpus} vCPU and ${size.memoryGiB} GiB`;
  const { vcpus, memoryGiB } = leastForSystem;
  return [
    ...must(
      pool.mode !== NodePoolMode.System || (size.vcpus >= vcpus && size.memoryGiB >= memoryGiB),
      `${path}.vmSize`,
      `is ${quoted(pool.vmSize)} with ${has}. A system pool needs ${vcpus} vCPU and ${memoryGiB} GiB: write Standard_D2ds_v5 ` +
        "or larger.",
    ),
    ...must(
      size.zones.length === 0 || pool.zones.every((zone) => size.zones.includes(zone)),
      `${path}.zones`,
      `is ${quoted(pool.zones)}, and ${location} has ${size.name} in ${listed(size.zones, "and")} only. Write some of these, or ` +
        "another vmSize.",
    ),
    ...must(
      pool.osDiskType !== OsDiskType.Ephemeral || size.ephemeralOsDisk,
      `${path}.osDiskType`,
      `is "Ephemeral", and ${size.name} has no disk of its own for that. Write "Managed", or a vmSize with a d in it, such as ` +
        "Standard_D4ds_v5.",
    ),
    ...must(
      !pool.encryptionAtHost || size.encryptionAtHost,
      `${path}.encryptionAtHost`,
      `is on, and ${size.name} cannot do that. Write another vmSize, or encryptionAtHost: false.`,
    ),
  ];
}
