import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EnforcementLevel } from "@pulumi/pulumi/proto/analyzer_pb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rules } from "../../policy-pack/rules";
import { type Analyzer, type Shown, startAnalyzer, unknownText } from "./analyzer";
import { secureCluster, secureDiagnostics, securePool } from "../../judge/checkov/secure";

let pack: Analyzer;
beforeAll(async () => {
  pack = await startAnalyzer();
});
afterAll(() => pack.close());

const id = (name: string) =>
  `/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/${name}`;

/** A cluster with all that the rules want beside it, each in azure-native's types of some version. */
function aks(
  name: string,
  inputs: Shown["inputs"] = {},
  { module = "containerservice", prefix = "azure-native" } = {},
) {
  const type = (of: string, kind: string) => `${prefix}:${of}:${kind}`;
  const cluster: Shown = {
    type: type(module, "ManagedCluster"),
    name,
    inputs: { ...secureCluster, resourceName: name, dnsPrefix: name, ...inputs },
  };
  const beside: Shown[] = [
    { type: type(module, "AgentPool"), name: `${name}-pool`, inputs: { ...securePool, resourceName: name } },
    {
      type: "azure-native:monitor:DiagnosticSetting",
      name: `${name}-logs`,
      inputs: { ...secureDiagnostics, resourceUri: id(name) },
    },
    ...["aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule"].map((configName) => ({
      type: type(module, "MaintenanceConfiguration"),
      name: `${name}-${configName}`,
      inputs: { configName, resourceName: name },
    })),
  ];
  return { cluster, beside, all: [cluster, ...beside] };
}

describe("policies about AKS", () => {
  it("say nothing about a cluster for which every rule holds", async () => {
    expect(await pack.violations(aks("shop").all)).toEqual([]);
  });

  it.each([
    { module: "containerservice" },
    { module: "containerservice/v20240901" },
    { module: "containerservice", prefix: "azure-native_containerservice_v20240901" },
  ])("know the types of azure-native in %o", async (version) => {
    const { cluster, beside } = aks("shop", { disableLocalAccounts: false }, version);
    const pools = beside.map((resource) =>
      resource.name === "shop-pool" ? { ...resource, inputs: { ...resource.inputs, osDiskType: "Managed" } } : resource,
    );
    const found = await pack.violations([cluster, ...pools]);
    expect(found.map(({ policy, level, on }) => [policy, level, on])).toEqual([
      ["aks-local-accounts-off", "mandatory", "shop"],
      ["aks-ephemeral-disks", "advisory", "shop-pool"],
    ]);
    expect(found[0]?.message).toBe(
      "Local accounts are off.\n`disableLocalAccounts` is false. Write `disableLocalAccounts: true`; everybody then comes " +
        "in by Entra ID. (AZR-000031, CKV_AZURE_141, 993c2fcd)",
    );
  });

  it("pass over what is not AKS's", async () => {
    expect(await pack.violations([{ type: "azure-native:storage:StorageAccount", name: "a", inputs: {} }])).toEqual([]);
  });

  it("have the level, and the values, that the configuration says", async () => {
    const { all } = aks("shop", { disableLocalAccounts: false, kubernetesVersion: "1.35" });
    const found = await pack.violations(all, {
      "aks-local-accounts-off": { level: "advisory" },
      "aks-kubernetes-version": { level: "mandatory", minimum: "1.36" },
      "aks-cluster-naming": { format: "^aks-" },
    });
    expect(found.map(({ policy, level }) => [policy, level])).toEqual([
      ["aks-local-accounts-off", "advisory"],
      ["aks-kubernetes-version", "mandatory"],
      ["aks-cluster-naming", "advisory"],
    ]);
  });

  it("tell what belongs to which of two clusters", async () => {
    const [one, two] = [aks("one"), aks("two")];
    const found = await pack.violations([...one.all, two.cluster, ...two.beside.slice(0, 1)]);
    expect(found.map(({ policy, on }) => [policy, on])).toEqual([
      ["aks-audit-logs", "two"],
      ["aks-audit-logs", "two"],
      ["aks-platform-logs", "two"],
      ["aks-maintenance-windows", "two"],
      ["aks-maintenance-windows", "two"],
    ]);
  });

  it("keep clusters of one name in two resource groups apart", async () => {
    const inGroup = (group: string) => {
      const { all } = aks("shop", { resourceGroupName: group });
      return all.map((resource) => ({
        ...resource,
        name: `${group}-${resource.name}`,
        inputs: {
          ...resource.inputs,
          resourceGroupName: group,
          ...("resourceUri" in resource.inputs && { resourceUri: id("shop").replace("/g/", `/${group}/`) }),
        },
      }));
    };
    const [cluster, pool, ...rest] = inGroup("two");
    if (cluster === undefined || pool === undefined) throw new Error("There is no cluster.");
    const small = { ...pool, inputs: { ...pool.inputs, minCount: 1 } };
    const [, ...windows] = rest;
    const found = await pack.violations([...inGroup("one"), cluster, small, ...windows]);
    expect([...new Set(found.map(({ policy, on }) => `${policy} ${on}`))]).toEqual([
      "aks-system-nodes two-shop",
      "aks-audit-logs two-shop",
      "aks-platform-logs two-shop",
    ]);
  });

  it("go by dependencies where a preview does not know names and ids", async () => {
    const { cluster, beside } = aks("shop");
    const property = (resource: Shown) => ("resourceUri" in resource.inputs ? "resourceUri" : "resourceName");
    const unknown = beside.map((resource) => ({
      ...resource,
      inputs: { ...resource.inputs, [property(resource)]: unknownText },
      from: { [property(resource)]: ["shop"] },
    }));
    expect(await pack.violations([cluster, ...unknown])).toEqual([]);
  });

  it("call what a preview does not know undecided, neither kept nor broken", async () => {
    const { all } = aks("shop", {
      diskEncryptionSetID: unknownText,
      identity: { type: "UserAssigned", ids: [unknownText] },
    });
    const found = await pack.violations(all, { "aks-disk-encryption-set": { level: "mandatory" } });
    expect(found).toEqual([
      {
        policy: "aks-not-decided",
        level: "advisory",
        on: "shop",
        message:
          "Every rule about AKS can be decided.\n`diskEncryptionSetID` is not known in this preview: `pulumi up` decides. " +
          "Not decided: aks-disk-encryption-set.",
      },
    ]);
  });

  it("judge the subnet of the nodes where the program makes it, and say so where it does not", async () => {
    const { cluster, beside } = aks("shop");
    const pool = (from: Shown["from"]) =>
      beside.map((resource) =>
        resource.name === "shop-pool"
          ? { ...resource, inputs: { ...resource.inputs, vnetSubnetID: unknownText }, ...(from && { from }) }
          : resource,
      );
    const subnet = (addressPrefix: string): Shown => ({
      type: "azure-native:network:Subnet",
      name: "nodes",
      inputs: { subnetName: "nodes", addressPrefix },
    });
    const from = { vnetSubnetID: ["nodes"] };
    expect(await pack.violations([cluster, subnet("10.0.0.0/22"), ...pool(from)])).toEqual([]);
    const [small] = await pack.violations([cluster, subnet("10.0.0.0/24"), ...pool(from)]);
    expect(small).toMatchObject({ policy: "aks-node-subnet-size", on: "shop" });
    const [foreign] = await pack.violations([cluster, ...pool(undefined)]);
    expect(foreign).toMatchObject({ policy: "aks-not-decided", level: "advisory" });
    expect(foreign?.message).toContain(
      "does not say how large the subnet of system is. Not decided: aks-node-subnet-size.",
    );
  });
});

describe("a pool whose name a preview does not know", () => {
  it("leaves undecided what is said by name, and nothing else", async () => {
    const { cluster, beside } = aks("shop");
    const pools = beside.map((resource) =>
      resource.name === "shop-pool"
        ? { ...resource, inputs: { ...resource.inputs, agentPoolName: unknownText, vnetSubnetID: unknownText } }
        : resource,
    );
    const found = await pack.violations([cluster, ...pools]);
    expect(new Set(found.map(({ policy }) => policy))).toEqual(new Set(["aks-not-decided"]));
    expect(found.map(({ message }) => message).join("\n")).toContain("`agentPoolName` is not known in this preview");
  });
});

describe("the subnet of inline pools", () => {
  it("is judged as that of the others", async () => {
    const pool = { ...securePool, name: "system", vnetSubnetID: unknownText };
    const { cluster, beside } = aks("shop", { agentPoolProfiles: [pool] });
    const rest = beside.filter(({ name }) => name !== "shop-pool");
    const subnet = {
      type: "azure-native:network:Subnet",
      name: "nodes",
      inputs: { subnetName: "nodes", addressPrefix: "10.0.0.0/26" },
    };
    const own = { ...cluster, from: { agentPoolProfiles: ["nodes"] } };
    const small = await pack.violations([own, subnet, ...rest]);
    expect(small.map(({ policy }) => policy)).toEqual(["aks-node-subnet-size"]);
    const foreign = await pack.violations([cluster, ...rest]);
    expect(foreign.map(({ policy }) => policy)).toEqual(["aks-not-decided"]);
  });
});

describe("policies about the mesh", () => {
  const object = (apiVersion: string, kind: string, name: string, rest: object): Shown => ({
    type: `kubernetes:${apiVersion}:${kind}`,
    name,
    inputs: { apiVersion, kind, metadata: { name, namespace: "shop" }, ...rest },
  });
  const account = (name: string) => ({ kind: "ServiceAccount", name, namespace: "shop" });
  const routes = object("specs.smi-spec.io/v1alpha4", "HTTPRouteGroup", "items", {
    spec: { matches: [{ name: "read", methods: ["GET"], pathRegex: "/items" }] },
  });
  const target = (matches: readonly string[], apiName: unknown = "api") =>
    object("access.smi-spec.io/v1alpha3", "TrafficTarget", "web-to-api", {
      spec: {
        destination: { ...account("api"), name: apiName },
        sources: [account("web")],
        rules: [{ kind: "HTTPRouteGroup", name: "items", matches }],
      },
    });
  const guarantee = { name: "nobody writes", never: { from: "*", to: "shop/api", methods: ["POST"] } };

  it("say nothing about objects that do what they say, nor about a stack without a mesh", async () => {
    expect(await pack.violations([routes, target(["read"])])).toEqual([]);
    expect(await pack.violations([object("v1", "ConfigMap", "settings", {})])).toEqual([]);
  });

  it("find what the mesh refuses, with the remedy, on the resource that it is about", async () => {
    const found = await pack.violations([routes, target(["write"])]);
    expect(found.map(({ policy, level, on }) => [policy, level, on])).toContainEqual([
      "mesh-errors",
      "mandatory",
      "web-to-api",
    ]);
    expect(found.map(({ message }) => message).join("\n")).toMatch(/write[^]*\n {4}remedy {4}\S/);
  });

  it("know the objects of Istio as well", async () => {
    const policy = object("security.istio.io/v1", "AuthorizationPolicy", "web", { spec: { action: "PERMIT" } });
    const found = await pack.violations([policy]);
    expect(found.map(({ policy: name, on }) => [name, on])).toEqual([["mesh-errors", "web"]]);
    expect(found[0]?.message).toContain("AuthorizationPolicy shop/web spec.action");
  });

  it("call nothing an error while a preview does not know all objects", async () => {
    const found = await pack.violations([routes, target(["read"], unknownText)]);
    expect(found.map(({ policy, level }) => [policy, level])).toEqual([["mesh-warnings", "advisory"]]);
    expect(found[0]?.message).toContain("Not known in this preview: TrafficTarget shop/web-to-api.");
  });

  it("hold guarantees of the configuration against the objects, with the call that breaks one", async () => {
    const configuration = { "mesh-guarantees": { guarantees: [guarantee] } };
    expect(await pack.violations([routes, target(["read"])], configuration)).toEqual([]);
    const open = object("specs.smi-spec.io/v1alpha4", "HTTPRouteGroup", "items", {
      spec: { matches: [{ name: "read", methods: ["*"], pathRegex: "/items" }] },
    });
    const found = await pack.violations([open, target(["read"])], configuration);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ policy: "mesh-guarantees", level: "mandatory" });
    expect(found[0]?.message).toMatch(/nobody writes[^]*shown by {2}shop\/web → \S+ POST \/items/);
  });
});

it("the policy pack has the repository's version", () => {
  const versionOf = (...file: string[]) =>
    (JSON.parse(readFileSync(join(__dirname, "..", "..", ...file), "utf8")) as { version: string }).version;
  expect(versionOf("policy-pack", "package.json")).toBe(versionOf("package.json"));
});

describe("docs/policy-pack.md", () => {
  it("has a row for each policy, with its level and the values that can be set", async () => {
    const page = readFileSync(join(__dirname, "..", "..", "docs", "policy-pack.md"), "utf8");
    const table = [...page.matchAll(/^\| `([\w-]+)` +\| (\w+) +\| (.*?) *\| (.*?) *\|$/gm)].map(
      ([, name, level, description, values]) => ({ name, level, description, values }),
    );
    const policies = await pack.policies();
    expect(table).toEqual(
      policies.map(({ name, description, enforcementlevel, configschema }) => ({
        name,
        level: enforcementlevel === EnforcementLevel.MANDATORY ? "mandatory" : "advisory",
        description: description.replace(/\.$/, ""),
        values: (configschema?.properties?.fieldsMap ?? []).map(([key]) => `\`${key}\``).join(", "),
      })),
    );
    expect(page).toContain(`${String(rules.length)} rules`);
  });

  it("configures policies that there are, with values that can be set", async () => {
    const page = readFileSync(join(__dirname, "..", "..", "docs", "policy-pack.md"), "utf8");
    const [, text = ""] = /^```json\n(.*?)^```/ms.exec(page) ?? [];
    const configuration = JSON.parse(text) as Record<string, string | Record<string, unknown>>;
    const policies = new Map((await pack.policies()).map(({ name, configschema }) => [name, configschema]));
    expect([...policies.keys()]).toEqual(expect.arrayContaining(Object.keys(configuration)));
    for (const [name, values] of Object.entries(configuration)) {
      const keys = Object.keys(typeof values === "string" ? {} : values).filter((key) => key !== "enforcementLevel");
      const known = policies.get(name)?.properties?.fieldsMap.map(([key]) => key) ?? [];
      expect(known, name).toEqual(expect.arrayContaining(keys));
    }
  });
});
