import { isJsonObject } from "../../mesh/manifests";
import { type CostPart, type MonthlyCost } from "../report";
import { type Meter, meters, retailPrices } from "./prices";

/** A resource of a stack, as the engine tells of it. */
export interface StackResource {
  readonly urn: string;
  /** Pulumi's type token. */
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** Hours of a month, as Azure counts them. */
const hours = 730;
const currency = "USD";

/** What Azure takes nothing for, or only for what goes through it: logs, traffic. */
const withoutRent =
  /^azure-native:(resources:ResourceGroup|managedidentity:|authorization:|operationalinsights:Workspace|monitor:|alertsmanagement:|applicationinsights:|dashboard:Dashboard|containerservice:MaintenanceConfiguration)/;

/**
 * What a stack's resources cost a month at Azure's public list prices: nodes, as many as there are at the least, and the
 * control plane. What is billed by use (traffic, logs) is not in it.
 *
 * @returns a total of null as soon as one price is not known: never a guess.
 */
export async function monthlyCost(
  resources: readonly StackResource[],
  { baseUrl = retailPrices, region = regionOf(resources) }: PriceOptions = {},
): Promise<MonthlyCost> {
  const parts = await Promise.all(resources.map((resource) => part(resource, region, baseUrl)));
  const known = parts.filter((one) => one !== undefined);
  const total = known.some(({ amount }) => amount === null)
    ? null
    : known.reduce((sum, { amount }) => sum + (amount ?? 0), 0);
  return { currency, total, parts: known };
}

/** Where prices come from, and for where. */
export interface PriceOptions {
  /** Default: Azure's public price list. */
  readonly baseUrl?: string;
  /** Name of the region, such as `westeurope`. Default: that of the cluster among the resources. */
  readonly region?: string | undefined;
}

const clusterType = "azure-native:containerservice:ManagedCluster";
const poolType = "azure-native:containerservice:AgentPool";

/** Node pools have no region of their own. */
export function regionOf(resources: readonly StackResource[]): string | undefined {
  const location = resources.find(({ type }) => type === clusterType)?.inputs["location"];
  // Azure knows "West Europe" as westeurope too.
  return typeof location === "string" ? location.replaceAll(" ", "").toLowerCase() : undefined;
}

/** @returns undefined for what costs nothing by itself. */
async function part(
  { urn, type, inputs }: StackResource,
  region: string | undefined,
  baseUrl: string,
): Promise<CostPart | undefined> {
  const name = urn.split("::").at(-1) ?? urn;
  if (type.startsWith("kubernetes:")) {
    const disks = disksOf(type, inputs);
    return disks === undefined ? undefined : { name, what: disks, amount: null };
  }
  if (!type.startsWith("azure-native:") || withoutRent.test(type)) return undefined;
  switch (type) {
    case clusterType:
      return { name, ...(await controlPlane(inputs, region, baseUrl)) };
    case poolType:
      return { name, ...(await nodes(inputs, region, baseUrl)) };
    default:
      return { name, what: type, amount: null };
  }
}

/**
 * The disks that a Kubernetes object makes AKS create. Their price is not looked up: whether they are copied to other zones
 * depends on the cluster's zones and version.
 */
function disksOf(type: string, inputs: StackResource["inputs"]): string | undefined {
  const templates = at(inputs, ["spec", "volumeClaimTemplates"]);
  if (type === "kubernetes:core/v1:PersistentVolumeClaim") return `disk of ${sizeOf(inputs)}`;
  if (type !== "kubernetes:apps/v1:StatefulSet" || !Array.isArray(templates) || templates.length === 0)
    return undefined;
  const replicas = at(inputs, ["spec", "replicas"]) ?? 1;
  return templates.map((template: unknown) => `${String(replicas)} × disk of ${sizeOf(template)}`).join(", ");
}

function sizeOf(claim: unknown): string {
  const size = at(claim, ["spec", "resources", "requests", "storage"]);
  return typeof size === "string" ? size : "unknown size";
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((inner, key) => (isJsonObject(inner) ? inner[key] : undefined), value);
}

type Price = Omit<CostPart, "name">;

async function controlPlane(
  inputs: StackResource["inputs"],
  region: string | undefined,
  baseUrl: string,
): Promise<Price> {
  const tier = at(inputs, ["sku", "tier"]);
  if (tier === "Free") return { what: "control plane, Free", amount: 0 };
  const what = `control plane, ${String(tier)}`;
  if (tier !== "Standard" || region === undefined) return { what, amount: null };
  const found = await meters(baseUrl, { serviceName: "Azure Kubernetes Service", armRegionName: region });
  return { what, amount: monthly(found?.filter(({ meter }) => meter === "Standard Uptime SLA")) };
}

async function nodes(inputs: StackResource["inputs"], region: string | undefined, baseUrl: string): Promise<Price> {
  const { vmSize, enableAutoScaling, minCount, osDiskType, osType = "Linux", scaleSetPriority = "Regular" } = inputs;
  const count = enableAutoScaling === true ? minCount : inputs["count"];
  const what = `${String(count)} × ${String(vmSize)}`;
  const asked = typeof count === "number" && typeof vmSize === "string" && region !== undefined;
  // Disks, Windows and spot nodes have prices of their own, which are not looked up.
  if (!asked || osDiskType !== "Ephemeral" || osType !== "Linux" || scaleSetPriority !== "Regular") {
    return { what, amount: null };
  }
  const found = await meters(baseUrl, { serviceName: "Virtual Machines", armRegionName: region, armSkuName: vmSize });
  const price = monthly(
    found?.filter((meter) => !/windows|cloud ?services|dedicated/i.test(meter.product) && !isSpot(meter)),
  );
  return { what, amount: price === null ? null : count * price };
}

function isSpot({ sku, meter }: Meter): boolean {
  return /\b(spot|low priority)\b/i.test(`${sku} ${meter}`);
}

/** The price of a month; null unless the list has exactly one. */
function monthly(found: readonly Meter[] | undefined): number | null {
  const [first, ...others] = found ?? [];
  if (first === undefined || first.unit !== "1 Hour" || first.currency !== currency) return null;
  return others.every(({ price, unit }) => price === first.price && unit === first.unit) ? first.price * hours : null;
}
