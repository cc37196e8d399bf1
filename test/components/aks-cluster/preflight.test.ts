import { log } from "@pulumi/pulumi";
import { afterEach, describe, expect, it, vi } from "vitest";

import { type AksClusterArgs, type NodePoolArgs } from "../../../components/aks-cluster";
import { poolName } from "../../../components/aks-cluster/pool-name";
import { askAzure, findingsOf } from "../../../components/aks-cluster/preflight";
import { vcpusNeeded } from "../../../components/aks-cluster/preflight/quota";
import { type VmSize } from "../../../components/aks-cluster/preflight/vm-sizes";
import { withDefaults } from "../../../components/aks-cluster/settings";
import { armReader } from "../../../components/arm/reader";
import { type Answer, type FakeArm, fakeArm } from "../arm/fake-arm";
import { ids, minimal } from "./example";

const sunday = new Date("2026-11-29T02:00:00Z");
const friday = new Date("2026-11-27T12:00:00Z");

const capabilities = (vcpus: number, memory: number) => [
  { name: "vCPUs", value: String(vcpus) },
  { name: "MemoryGB", value: String(memory) },
  { name: "EphemeralOSDiskSupported", value: "True" },
  { name: "EncryptionAtHostSupported", value: "True" },
];
const sku = (name: string, vcpus: number, more: object = {}) => ({
  resourceType: "virtualMachines",
  name,
  family: "standardDDSv5Family",
  locationInfo: [{ location: "WestEurope", zones: ["1", "2", "3"] }],
  capabilities: capabilities(vcpus, vcpus * 4),
  restrictions: [],
  ...more,
});

/** A region as Azure describes it. */
const azure: Readonly<Record<string, unknown>> = {
  "/subscriptions/sub/locations": {
    value: [
      { name: "westeurope", metadata: { regionType: "Physical" }, availabilityZoneMappings: zones("1", "2", "3") },
      { name: "ukwest", metadata: { regionType: "Physical" } },
      { name: "europe", metadata: { regionType: "Logical" } },
    ],
  },
  "/subscriptions/sub/providers/Microsoft.ContainerService/locations/westeurope/kubernetesVersions": {
    values: [
      { version: "1.33", capabilities: { supportPlan: ["AKSLongTermSupport"] }, patchVersions: { "1.33.6": {} } },
      ...["1.34", "1.35", "1.36"].map((version) => ({
        version,
        capabilities: { supportPlan: ["KubernetesOfficial", "AKSLongTermSupport"] },
        patchVersions: { [`${version}.1`]: {}, [`${version}.4`]: {} },
      })),
      { version: "1.37", isPreview: true, capabilities: { supportPlan: ["KubernetesOfficial"] }, patchVersions: {} },
    ],
  },
  "/subscriptions/sub/providers/Microsoft.Compute/skus": {
    value: [
      sku("Standard_D4ds_v5", 4),
      sku("Standard_D8ds_v5", 8),
      sku("Standard_B1s", 1),
      sku("Standard_D16ds_v5", 16, { restrictions: [{ type: "Location", reasonCode: "NotAvailableForSubscription" }] }),
      sku("Standard_D2ds_v5", 2, { restrictions: [{ type: "Zone", restrictionInfo: { zones: ["2"] } }] }),
      { resourceType: "disks", name: "Premium_LRS" },
    ],
  },
  "/subscriptions/sub/providers/Microsoft.Compute/locations/westeurope/usages": {
    value: [
      { name: { value: "cores" }, currentValue: 10, limit: 100 },
      { name: { value: "standardDDSv5Family" }, currentValue: 10, limit: 60 },
      { name: { value: "lowPriorityCores" }, currentValue: 0, limit: 3 },
    ],
  },
  [ids.subnet]: { name: "nodes" },
  [ids.subnet.replace("/subnets/nodes", "")]: { location: "West Europe" },
  [ids.diskEncryptionSet]: { location: "northeurope" },
  [ids.workspace]: { location: "northeurope" },
};

function zones(...names: string[]) {
  return names.map((logicalZone) => ({ logicalZone }));
}

const clusterPath =
  "/subscriptions/sub/resourceGroups/shop-group/providers/Microsoft.ContainerService/managedClusters/shop";

/** The cluster of {@link minimal} as it runs, with pools of these versions. */
function running(version: string, ...poolVersions: string[]) {
  const names = withDefaults(minimal).nodePools.map(poolName);
  return {
    [clusterPath]: {
      location: "westeurope",
      properties: {
        currentKubernetesVersion: version,
        agentPoolProfiles: poolVersions.map((currentOrchestratorVersion, index) => ({
          name: names[index],
          currentOrchestratorVersion,
        })),
      },
    },
  };
}

let fake: FakeArm | undefined;
afterEach(() => fake?.close());

/** Answers by path; a number is a status. */
function answering(answers: Readonly<Record<string, unknown>>) {
  return (request: string): Answer => {
    const body = answers[request.slice("GET ".length)];
    if (body === undefined) return { status: 404, body: { error: { code: "ResourceNotFound" } } };
    return typeof body === "number" ? { status: body, body: { error: { code: "AuthorizationFailed" } } } : { body };
  };
}

async function ask(change: Partial<AksClusterArgs>, answers: Readonly<Record<string, unknown>> = azure, now = sunday) {
  fake = await fakeArm(answering(answers));
  const args = { ...minimal, kubernetesVersion: "1.35", ...change };
  const location = typeof args.location === "string" ? args.location : "";
  return findingsOf({ settings: withDefaults(args), location, azure: armReader(fake.arm), now });
}

/** What the question as a whole comes to. */
async function asking(change: Partial<AksClusterArgs>, answers: Readonly<Record<string, unknown>>) {
  fake = await fakeArm(answering(answers));
  const { arm } = fake;
  const said = vi.spyOn(log, "info").mockResolvedValue(undefined);
  try {
    return await askAzure({ ...minimal, ...change }, () => Promise.resolve(armReader(arm)), sunday);
  } finally {
    said.mockRestore();
  }
}

function pools(first: object, second: object = {}): { nodePools: NodePoolArgs[] } {
  const [system, work] = minimal.nodePools as [NodePoolArgs, NodePoolArgs];
  return {
    nodePools: [
      { ...system, ...first },
      { ...work, ...second },
    ],
  };
}

describe("what Azure knows of a cluster", () => {
  it("is nothing against one that fits, each path is asked once", async () => {
    expect(await ask({ network: { nodeSubnetId: ids.subnet } })).toEqual({ problems: [], notes: [], unanswered: [] });
    expect(fake?.requests.filter((one, index, all) => all.indexOf(one) !== index)).toEqual([]);
    expect(fake?.requests).toHaveLength(7);
  });

  it.each<[string, Partial<AksClusterArgs>, string, RegExp]>([
    ["a region that does not exist", { location: "westeurop" }, "location", /no such region\. Write westeurope\./],
    ["a logical region", { location: "europe" }, "location", /no such region/],
    [
      "a version that is not offered",
      { kubernetesVersion: "1.30" },
      "kubernetesVersion",
      /one of 1\.34, 1\.35 or 1\.36/,
    ],
    ["a version for long-term support", { kubernetesVersion: "1.33" }, "kubernetesVersion", /long-term support only/],
    [
      "a patch that is not offered",
      { kubernetesVersion: "1.35.3", upgrades: { channel: "none" } },
      "kubernetesVersion",
      /Write 1\.35, 1\.35\.1 or 1\.35\.4/,
    ],
    [
      "a size that is not offered",
      pools({ vmSize: "Standard_D4ds_v6" }),
      "nodePools[0].vmSize",
      /Write Standard_D4ds_v5/,
    ],
    [
      "a size that is withheld",
      pools({}, { vmSize: "Standard_D16ds_v5", minCount: 1 }),
      "nodePools[1].vmSize",
      /may not use in westeurope \(NotAvailableForSubscription\)/,
    ],
    ["a system pool of one vCPU", pools({ vmSize: "Standard_B1s" }), "nodePools[0].vmSize", /needs 2 vCPU and 4 GiB/],
    ["a zone that lacks the size", pools({ vmSize: "Standard_D2ds_v5" }), "nodePools[0].zones", /in 1 and 3 only/],
    [
      "a workspace elsewhere",
      { monitoring: { workspaceId: ids.workspace } },
      "monitoring.workspaceId",
      /in northeurope, and the cluster is in westeurope.*or location northeurope/,
    ],
    ["disk encryption elsewhere", { diskEncryptionSetId: ids.diskEncryptionSet }, "diskEncryptionSetId", /own region/],
    [
      "a subnet that is not there",
      { network: { nodeSubnetId: ids.otherSubnet } },
      "network.nodeSubnetId",
      /no such subnet/,
    ],
  ])("refuses %s", async (_, change, path, remedy) => {
    const { problems } = await ask(change);
    expect(problems.map((problem) => problem.path)).toEqual([path]);
    expect(problems[0]?.message).toMatch(remedy);
  });

  it.each([
    [
      "services inside of the nodes' network",
      "10.0.0.0/16",
      undefined,
      "10.0.0.0/24",
      "network.serviceCidr",
      /subnet of 10\.0\.0\.0\/24\. Write a range apart/,
    ],
    [
      "pods inside of the nodes' network",
      "172.16.0.0/16",
      "10.9.0.0/16",
      "10.0.0.0/24",
      "network.podCidr",
      /a subnet of 10\.9\.0\.0\/24/,
    ],
    [
      "a subnet too small for the nodes",
      "172.16.0.0/16",
      "172.20.0.0/16",
      "10.0.0.0/29",
      "network.nodeSubnetId",
      /has 3 addresses/,
    ],
  ])("refuses %s", async (_, serviceCidr, podCidr, addressPrefix, path, remedy) => {
    const network = {
      [ids.subnet]: { properties: { addressPrefix } },
      [ids.subnet.replace("/subnets/nodes", "")]: {
        location: "westeurope",
        properties: {
          subnets: [addressPrefix, "10.9.0.0/24"].map((prefix) => ({ properties: { addressPrefix: prefix } })),
        },
      },
    };
    const dnsServiceIp = serviceCidr.replace("0.0/16", "0.10");
    const settings = { network: { nodeSubnetId: ids.subnet, serviceCidr, dnsServiceIp, podCidr } };
    const { problems } = await ask(
      { ...settings, ...pools({ minCount: 3 }, { minCount: 3 }) },
      { ...azure, ...network },
    );
    const found = problems.find((problem) => problem.path === path);
    expect(found?.message, JSON.stringify(problems)).toMatch(remedy);
    const later = await ask(settings, { ...azure, ...network, ...running("1.35.4", "1.35.4", "1.35.4") });
    expect(later.problems).toEqual([]);
  });

  it("refuses zones in a region without", async () => {
    const here = "/subscriptions/sub/providers/Microsoft.ContainerService/locations/westeurope/kubernetesVersions";
    const { problems } = await ask(
      { location: "ukwest" },
      { ...azure, [here.replace("westeurope", "ukwest")]: azure[here] },
    );
    expect(problems).toContainEqual({
      path: "nodePools[0].zones",
      message: 'is ["1","2","3"], and ukwest has no availability zones. Write [], or a location with zones.',
    });
  });

  it("takes a preview version, which Azure offers too", async () => {
    expect((await ask({ kubernetesVersion: "1.37" })).problems).toEqual([]);
  });

  it("says what it was not told, and checks the rest", async () => {
    const skus = "/subscriptions/sub/providers/Microsoft.Compute/skus";
    const { problems, unanswered } = await ask({ kubernetesVersion: "1.30" }, { ...azure, [skus]: 403 });
    expect(problems.map(({ path }) => path)).toEqual(["kubernetesVersion"]);
    expect(unanswered.map(({ subject }) => subject)).toEqual(["the VM sizes", "the quota"]);
    expect(unanswered[0]?.why).toBe("Reading the VM sizes of westeurope: Azure answered 403 AuthorizationFailed.");
  });
});

const meshRevisions =
  "/subscriptions/sub/providers/Microsoft.ContainerService/locations/westeurope/meshRevisionProfiles/istio";
const versions = (...names: string[]) => [
  { name: "KubernetesOfficial", versions: names },
  { name: "AKSLongTermSupport", versions: ["1.32", ...names] },
];
const withIstio = {
  ...azure,
  [meshRevisions]: {
    properties: {
      meshRevisions: [
        { revision: "asm-1-30", upgrades: [], compatibleWith: versions("1.34", "1.35", "1.36") },
        { revision: "asm-1-29", upgrades: ["asm-1-30"], compatibleWith: versions("1.33", "1.34", "1.35") },
      ],
    },
  },
};

/** A cluster whose mesh runs these revisions, the first of them with these upgrades. */
function meshed(revisions: string[], upgrades: string[], version = "1.35.4") {
  const [live] = Object.values(running(version, version, version));
  const serviceMeshProfile = { mode: "Istio", istio: { revisions } };
  return {
    ...withIstio,
    [clusterPath]: { ...live, properties: { ...live?.properties, serviceMeshProfile } },
    [`${clusterPath}/meshUpgradeProfiles/istio`]: {
      properties: { revision: revisions[0], upgrades, compatibleWith: versions("1.34", "1.35") },
    },
  };
}
const istio = (...revisions: string[]): Partial<AksClusterArgs> => ({ mesh: "Istio", istio: { revisions } });

describe("the mesh of a cluster", () => {
  it("gets the revision before the newest where none is named, and that is said", async () => {
    const { problems, notes } = await ask({ mesh: "Istio" }, withIstio);
    expect({ problems, notes }).toEqual({ problems: [], notes: ["Istio is installed with revision asm-1-29."] });
    expect((await ask({ mesh: "Istio", kubernetesVersion: "1.36" }, withIstio)).notes).toEqual([
      "Istio is installed with revision asm-1-30.",
    ]);
  });

  it.each<[string, Partial<AksClusterArgs>, RegExp]>([
    ["a revision that AKS does not know", istio("asm-1-99"), /does not install in westeurope.*asm-1-29 or asm-1-30/],
    [
      "a revision that takes another Kubernetes",
      { ...istio("asm-1-29"), kubernetesVersion: "1.36" },
      /takes Kubernetes 1\.33, 1\.34 and 1\.35.*Write asm-1-30/,
    ],
    ["an upgrade of no mesh", istio("asm-1-29", "asm-1-30"), /has no mesh yet/],
  ])("refuses %s", async (_, change, remedy) => {
    const { problems } = await ask(change, withIstio);
    expect(problems.map(({ path }) => path)).toEqual(["istio.revisions"]);
    expect(problems[0]?.message).toMatch(remedy);
  });

  it("is upgraded by a second revision", async () => {
    const live = meshed(["asm-1-29"], ["asm-1-30"]);
    const { problems, notes } = await ask(istio("asm-1-29", "asm-1-30"), live);
    expect(problems).toEqual([]);
    expect(notes?.[0]).toMatch(/from asm-1-29 starts.*New pods get the sidecar of asm-1-29/);
    for (const revisions of [["asm-1-30", "asm-1-29"], ["asm-1-30"], ["asm-1-29"]]) {
      const both = meshed(["asm-1-29", "asm-1-30"], []);
      expect(await ask(istio(...revisions), both), revisions.join()).toMatchObject({ problems: [], notes: [] });
    }
  });

  it.each<[string, string[], ReturnType<typeof meshed>, RegExp]>([
    [
      "at once",
      ["asm-1-30"],
      meshed(["asm-1-29"], ["asm-1-30"]),
      /begins with both\. Write \["asm-1-29","asm-1-30"\] first/,
    ],
    [
      "further than AKS goes",
      ["asm-1-27", "asm-1-30"],
      meshed(["asm-1-27"], ["asm-1-29"]),
      /to asm-1-29\. Write \["asm-1-27","asm-1-29"\]/,
    ],
    [
      "during another",
      ["asm-1-29", "asm-1-30"],
      meshed(["asm-1-28", "asm-1-29"], []),
      /Write \["asm-1-29"\] to complete it, or \["asm-1-28"\]/,
    ],
  ])("is not upgraded %s", async (_, revisions, live, remedy) => {
    const { problems } = await ask(istio(...revisions), live);
    expect(problems[0]?.message, JSON.stringify(problems)).toMatch(remedy);
  });

  it("keeps a revision that AKS no longer supports, says so, and holds back Kubernetes", async () => {
    const live = meshed(["asm-1-28"], ["asm-1-29", "asm-1-30"]);
    const { problems, notes } = await ask({ mesh: "Istio" }, live);
    expect(problems).toEqual([]);
    expect(notes?.[0]).toMatch(/no longer supports revision asm-1-28.*Upgrade it to asm-1-29 or asm-1-30/);
    const later = await ask({ mesh: "Istio", kubernetesVersion: "1.36" }, live);
    expect(later.problems).toEqual([
      {
        path: "kubernetesVersion",
        message:
          "is 1.36, which revision asm-1-28 of the mesh does not take. Upgrade the mesh first, see docs/istio.md.",
      },
    ]);
  });

  it("does not become another one", async () => {
    const [live] = Object.values(running("1.35.4", "1.35.4", "1.35.4"));
    const osm = { openServiceMesh: { enabled: true } };
    const withOsm = {
      ...withIstio,
      [clusterPath]: { ...live, properties: { ...live?.properties, addonProfiles: osm } },
    };
    expect((await ask({ mesh: "Istio" }, withOsm)).problems).toEqual([
      {
        path: "mesh",
        message: expect.stringMatching(
          /runs Open Service Mesh.*aks-mesh migrate --stack STACK`.*make a second cluster/,
        ),
      },
    ]);
    expect((await ask({ mesh: "OpenServiceMesh" }, withOsm)).problems).toEqual([]);
    const back = await ask({ mesh: "OpenServiceMesh" }, meshed(["asm-1-29"], []));
    expect(back.problems.map(({ message }) => message)).toEqual([expect.stringMatching(/runs Istio/)]);
  });

  it("comes as a plan: revisions, what starts, where it may go", async () => {
    const plan = (change: Partial<AksClusterArgs>, answers: Readonly<Record<string, unknown>>) =>
      asking({ kubernetesVersion: "1.35", ...change }, answers);
    expect(await plan({ mesh: "Istio" }, withIstio)).toEqual({
      ...{ revisions: ["asm-1-29"], starting: [], next: ["asm-1-30"] },
    });
    expect(await plan(istio("asm-1-29", "asm-1-30"), meshed(["asm-1-29"], ["asm-1-30"]))).toEqual({
      ...{ revisions: ["asm-1-29", "asm-1-30"], starting: ["asm-1-30"], next: [] },
    });
    expect(await plan({ mesh: "Istio" }, meshed(["asm-1-28"], ["asm-1-29"]))).toEqual({
      ...{ revisions: ["asm-1-28"], starting: [], next: ["asm-1-29", "asm-1-30"] },
    });
    expect(await plan({}, withIstio)).toBeUndefined();
    expect(await plan({ mesh: "Istio" }, { ...withIstio, [meshRevisions]: 403 })).toBeUndefined();
  });
});

describe("a cluster that runs", () => {
  const refused = async (wanted: string, ...versions: [string, ...string[]]) =>
    (await ask({ kubernetesVersion: wanted }, { ...azure, ...running(...versions) })).problems;

  it("goes one minor version forward, after which its pools follow", async () => {
    const answers = { ...azure, ...running("1.34.4", "1.34.4", "1.34.4") };
    const { problems, notes } = await ask({ kubernetesVersion: "1.35" }, answers, friday);
    expect(problems).toEqual([]);
    expect(notes).toEqual([
      "Kubernetes goes from 1.34.4 to 1.35, one after another: the control plane, the node pool system (33% more nodes at a " +
        "time), the node pool work (33% more nodes at a time). That happens when this is deployed; upgrades.clusterWindow opens " +
        "Sunday 01:00 +00:00 for 8 hours.",
    ]);
    expect((await ask({ kubernetesVersion: "1.35" }, answers, sunday)).notes?.[0]).not.toMatch(
      /upgrades\.clusterWindow/,
    );
  });

  it("neither goes back nor skips a version", async () => {
    expect((await refused("1.34", "1.35.4", "1.35.4", "1.35.4"))[0]?.message).toMatch(/cannot go back\. Write 1\.35\./);
    expect((await refused("1.36", "1.34.4", "1.34.4", "1.34.4"))[0]?.message).toMatch(/Write 1\.35 first/);
  });

  it("stays at a version that is offered no more", async () => {
    expect(await refused("1.30", "1.30.9", "1.30.9", "1.30.9")).toEqual([]);
  });

  it("waits for pools that an earlier upgrade left behind", async () => {
    expect(await refused("1.36", "1.35.4", "1.34.4", "1.35.4")).toEqual([
      {
        path: "nodePools[0]",
        message:
          "runs 1.34.4, and AKS skips no minor version on the way to kubernetesVersion 1.36. Write kubernetesVersion 1.35 first.",
      },
    ]);
    expect((await refused("1.36", "1.36.1", "1.34.4"))[0]?.message).toMatch(/another revision/);
  });

  it("keeps a size that is offered to nobody any more", async () => {
    const plan = pools({ vmSize: "Standard_D4ds_v3" });
    const names = withDefaults({ ...minimal, ...plan }).nodePools.map(poolName);
    const profiles = names.map((name) => ({ name, currentOrchestratorVersion: "1.35.4" }));
    const properties = { currentKubernetesVersion: "1.35.4", agentPoolProfiles: profiles };
    const live = { [clusterPath]: { location: "westeurope", properties } };
    expect((await ask(plan)).problems.map(({ path }) => path)).toEqual(["nodePools[0].vmSize"]);
    expect((await ask(plan, { ...azure, ...live })).problems).toEqual([]);
  });

  it("in another region is another cluster", async () => {
    const elsewhere = { [clusterPath]: { location: "ukwest", properties: { currentKubernetesVersion: "1.36.1" } } };
    expect((await ask({ kubernetesVersion: "1.34" }, { ...azure, ...elsewhere })).problems).toEqual([]);
  });

  it("says in which order a pool is replaced, and what that means for its pods", async () => {
    const live = { ...azure, ...running("1.35.4", "1.35.4", "1.35.4") };
    const [, old] = withDefaults(minimal).nodePools.map(poolName);
    const plan = pools({}, { vmSize: "Standard_D4ds_v5" });
    const [, made] = withDefaults({ ...minimal, ...plan }).nodePools.map(poolName);
    const { problems, notes } = await ask(plan, live);
    expect(problems).toEqual([]);
    expect(notes).toHaveLength(1);
    expect(notes?.[0]).toContain("The node pool work is replaced");
    expect(notes?.[0]).toContain(`First ${made} is made with Standard_D4ds_v5`);
    expect(notes?.[0]).toContain(`drains ${old}, so that the pods move, and removes it`);
  });

  it("says nothing of pools that stay, that are new, or that begin with another's name", async () => {
    const live = { ...azure, ...running("1.35.4", "1.35.4", "1.35.4") };
    expect((await ask({}, live)).notes).toEqual([]);
    const [system, work] = minimal.nodePools as [NodePoolArgs, NodePoolArgs];
    const more = (name: string) => ({ nodePools: [system, work, { ...work, name }] });
    for (const name of ["web", "wor"]) expect((await ask(more(name), live)).notes, name).toEqual([]);
    expect((await ask(pools({}, { vmSize: "Standard_D8ds_v5" }))).notes).toEqual([]);
  });

  it("needs quota for new pools alone", async () => {
    const many = pools({}, { minCount: 12 });
    expect((await ask(many)).problems.map(({ path }) => path)).toContain("nodePools");
    expect((await ask(many, { ...azure, ...running("1.35.4", "1.35.4", "1.35.4") })).problems).toEqual([]);
  });
});

describe("the vCPUs that a cluster begins with", () => {
  const sizes = new Map<string, VmSize>(
    [2, 4].map((vcpus) => {
      const size = { name: `s${vcpus}`, family: `f${vcpus}`, vcpus, memoryGiB: 8, zones: [] };
      return [`s${vcpus}`, { ...size, ephemeralOsDisk: true, encryptionAtHost: true, restriction: undefined }];
    }),
  );
  const settings = withDefaults({
    ...minimal,
    ...pools({ vmSize: "s2", minCount: 3 }, { vmSize: "s4", minCount: 2, spot: true }),
  }).nodePools;

  it("are those of the pools, or of the first pool twice, whatever is more", () => {
    expect(vcpusNeeded(settings, true, sizes)).toEqual(
      new Map([
        ["cores", 12],
        ["f2", 12],
        ["lowPriorityCores", 8],
      ]),
    );
    expect(vcpusNeeded(settings, false, sizes).get("cores")).toBe(6);
  });
});

describe("the wait for Azure", () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("is told after two seconds, and no more once Azure has answered", async () => {
    vi.useFakeTimers();
    const said = vi.spyOn(log, "info").mockResolvedValue();
    let answer: (error: Error) => void = () => undefined;
    const asking = askAzure(minimal, () => new Promise((_, reject) => (answer = reject)));
    await vi.advanceTimersByTimeAsync(1_999);
    expect(said).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(said).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^Asking Azure/), undefined, undefined, true);
    answer(new Error("There is no network."));
    await asking;
    expect(said).toHaveBeenCalledTimes(2);

    const quick = askAzure(minimal, () => Promise.reject(new Error("There is no network.")));
    await quick;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(said).toHaveBeenCalledTimes(3);
  });
});
