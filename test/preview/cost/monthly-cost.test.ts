import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { monthlyCost, type StackResource } from "../../../preview/cost";

/** A price list with what Azure's has beside the one line that is meant. */
const list = [
  vm("Virtual Machines Ddsv5 Series", "D2ds v5", 0.136),
  vm("Virtual Machines Ddsv5 Series Windows", "D2ds v5", 0.228),
  vm("Virtual Machines Ddsv5 Series", "D2ds v5 Spot", 0.02),
  vm("Virtual Machines Ddsv5 Series", "D2ds v5 Low Priority", 0.027),
  vm("Virtual Machines Ddsv5 Series", "D2ds v5", 0.11, "northeurope"),
  { ...vm("Virtual Machines Ddsv5 Series", "D2ds v5", 730), type: "Reservation", priceType: "Reservation" },
  aks("Standard Uptime SLA", 0.1),
  aks("Standard Long Term Support", 0.6),
];

interface Item {
  readonly serviceName: string;
  readonly armRegionName: string;
  readonly armSkuName: string;
  readonly priceType: string;
  readonly productName: string;
  readonly meterName: string;
  readonly skuName: string;
  readonly unitOfMeasure: string;
  readonly retailPrice: number;
  readonly currencyCode: string;
}

function vm(productName: string, skuName: string, retailPrice: number, armRegionName = "westeurope"): Item {
  const common = { unitOfMeasure: "1 Hour", currencyCode: "USD", priceType: "Consumption" };
  const serviceName = "Virtual Machines";
  return {
    serviceName,
    armRegionName,
    armSkuName: "Standard_D2ds_v5",
    productName,
    meterName: skuName,
    skuName,
    retailPrice,
    ...common,
  };
}

function aks(meterName: string, retailPrice: number): Item {
  const name = "Azure Kubernetes Service";
  return { ...vm(name, "Standard", retailPrice), serviceName: name, armSkuName: "", meterName };
}

let server: Server;
let baseUrl: string;
let broken: "status" | "text" | "silent" | undefined;

beforeEach(async () => {
  broken = undefined;
  server = createServer((request, response) => {
    if (broken === "silent") return void response.destroy();
    if (broken === "status") return void response.writeHead(503).end();
    if (broken === "text") return void response.end("<html>");
    const filter = new URL(request.url ?? "", "http://x").searchParams.get("$filter") ?? "";
    const terms = [...filter.matchAll(/(\w+) eq '([^']*)'/g)];
    const Items = list.filter((item) => terms.every(([, name, value]) => Reflect.get(item, name ?? "") === value));
    response.end(JSON.stringify({ Items, NextPageLink: null, Count: Items.length }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  baseUrl = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/api/retail/prices`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

function resource(type: string, inputs: Record<string, unknown>): StackResource {
  return { urn: `urn:pulumi:pr-1::aks-mesh::${type}::it`, type, inputs };
}
const cluster = (tier: string) =>
  resource("azure-native:containerservice:ManagedCluster", { location: "West Europe", sku: { name: "Base", tier } });
const pool = (inputs: Record<string, unknown> = {}) =>
  resource("azure-native:containerservice:AgentPool", {
    vmSize: "Standard_D2ds_v5",
    enableAutoScaling: true,
    minCount: 2,
    maxCount: 5,
    osDiskType: "Ephemeral",
    ...inputs,
  });
const cost = (...resources: readonly StackResource[]) => monthlyCost(resources, { baseUrl });

describe("what a preview costs", () => {
  it("is nodes at the least and the control plane, at the list price of the region", async () => {
    const { total, parts, currency } = await cost(
      cluster("Standard"),
      pool(),
      pool({ enableAutoScaling: false, count: 1 }),
    );
    expect(total).toBeCloseTo(730 * (0.1 + 3 * 0.136), 6);
    expect(parts.map(({ what }) => what)).toEqual([
      "control plane, Standard",
      "2 × Standard_D2ds_v5",
      "1 × Standard_D2ds_v5",
    ]);
    expect(currency).toBe("USD");
  });

  it("is nothing for namespaces on a shared cluster", async () => {
    const shared = ["kubernetes:core/v1:Namespace", "pulumi:providers:kubernetes"].map((type) => resource(type, {}));
    expect(await cost(...shared)).toEqual({ currency: "USD", total: 0, parts: [] });
  });

  it("leaves out what is billed by use or not at all", async () => {
    const free = ["operationalinsights:Workspace", "resources:ResourceGroup", "authorization:RoleAssignment"];
    const resources = free.map((type) => resource(`azure-native:${type}`, {}));
    expect((await cost(cluster("Free"), ...resources)).total).toBe(0);
  });

  it.each([
    ["a size that is not on the list", pool({ vmSize: "Standard_X1" })],
    ["disks", pool({ osDiskType: "Managed" })],
    ["Windows", pool({ osType: "Windows" })],
    ["spot nodes", pool({ scaleSetPriority: "Spot" })],
    ["a number of nodes that is not known", pool({ minCount: undefined })],
    ["a tier whose price is not looked up", cluster("Premium")],
    [
      "disks of a StatefulSet",
      resource("kubernetes:apps/v1:StatefulSet", {
        spec: { volumeClaimTemplates: [{ spec: { resources: { requests: { storage: "1Gi" } } } }] },
      }),
    ],
    ["a kind of resource that is not known", resource("azure-native:sql:Server", {})],
  ])("is unknown with %s", async (_what, odd) => {
    const { total, parts } = await cost(cluster("Free"), pool(), odd);
    expect(total).toBeNull();
    expect(parts.filter(({ amount }) => amount === null)).toHaveLength(1);
  });

  it("says which disk it is", async () => {
    const claim = { spec: { resources: { requests: { storage: "8Gi" } } } };
    const { parts } = await cost(resource("kubernetes:core/v1:PersistentVolumeClaim", claim));
    expect(parts).toEqual([{ name: "it", what: "disk of 8Gi", amount: null }]);
  });

  it("is unknown without a region", async () => {
    expect((await cost(pool())).total).toBeNull();
  });

  it.each(["status", "text", "silent"] as const)("is unknown, not a guess, without an answer: %s", async (how) => {
    broken = how;
    expect((await cost(cluster("Free"), pool())).total).toBeNull();
  });
});
