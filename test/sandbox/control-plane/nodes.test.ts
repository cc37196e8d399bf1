import { describe, expect, it } from "vitest";
import { nodeName, nodeObjects, parseTaint, surgeCount } from "../../../sandbox/control-plane/nodes";
import type { NodePool } from "../../../sandbox/control-plane/types";
import { allocatable, vmCapacity } from "../../../sandbox/control-plane/vm-size";

const environment = { location: "westeurope", nodeResourceGroup: "MC_rg_aks_westeurope" };
const pool: NodePool = {
  name: "apps",
  mode: "User",
  count: 4,
  vmSize: "Standard_D4s_v5",
  zones: ["1", "2", "3"],
  labels: { team: "books", agentpool: "cannot be overridden" },
  taints: ["team=books:NoSchedule"],
  maxPods: 50,
  kubernetesVersion: "1.35.4",
  nodeImageVersion: "AKSUbuntu-2404gen2containerd-202611.03.0",
  osSku: "Ubuntu",
};

describe("node objects", () => {
  it("carry AKS's labels and spread over the pool's zones", () => {
    const nodes = nodeObjects(pool, environment);
    expect(nodes.map(({ metadata }) => metadata.labels?.["topology.kubernetes.io/zone"])).toEqual([
      "westeurope-1",
      "westeurope-2",
      "westeurope-3",
      "westeurope-1",
    ]);
    expect(nodes[0]?.metadata.labels).toMatchObject({
      team: "books",
      agentpool: "apps",
      "kubernetes.azure.com/agentpool": "apps",
      "kubernetes.azure.com/mode": "user",
      "kubernetes.azure.com/cluster": "MC_rg_aks_westeurope",
      "node.kubernetes.io/instance-type": "Standard_D4s_v5",
    });
    expect(nodes[0]?.["spec"]).toEqual({ taints: [{ key: "team", value: "books", effect: "NoSchedule" }] });
    expect(nodes[0]?.["status"]).toMatchObject({
      capacity: { cpu: "4", memory: "16384Mi", pods: "50" },
      nodeInfo: { kubeletVersion: "v1.35.4" },
    });
  });

  it("are in zone 0 when the pool has none", () => {
    const [node] = nodeObjects({ ...pool, zones: [] }, environment);
    expect(node?.metadata.labels?.["topology.kubernetes.io/zone"]).toBe("0");
  });

  it("have names like AKS's, different for each, the same every time", () => {
    expect(nodeName("apps", 36, "MC_rg_aks_westeurope")).toMatch(/^aks-apps-\d{8}-vmss000010$/);
    expect(new Set(nodeObjects(pool, environment).map(({ metadata }) => metadata.name)).size).toBe(4);
    expect(nodeObjects(pool, environment)).toEqual(nodeObjects(pool, environment));
    expect(nodeName("apps", 0, "a")).not.toBe(nodeName("apps", 0, "b"));
  });
});

describe("an upgrade's extra nodes", () => {
  it.each([
    [undefined, 5, 1],
    ["33%", 4, 2],
    ["3", 10, 3],
    ["1%", 0, 1],
  ])("maxSurge %s of %d nodes: %d", (maxSurge, count, nodes) => {
    expect(surgeCount({ maxSurge, count })).toBe(nodes);
  });
});

describe("taints", () => {
  it("are read as agent pools write them", () => {
    expect(parseTaint("CriticalAddonsOnly=true:NoSchedule")).toEqual({
      key: "CriticalAddonsOnly",
      value: "true",
      effect: "NoSchedule",
    });
    expect(parseTaint("gpu:NoExecute")).toEqual({ key: "gpu", effect: "NoExecute" });
  });

  it.each(["gpu", "a=b", "a=b:Never", ":NoSchedule"])("%s is refused", (taint) => {
    expect(() => parseTaint(taint)).toThrow(/write key=value:NoSchedule/);
  });
});

describe("virtual machine sizes", () => {
  it.each([
    ["Standard_D4s_v5", 4, 16],
    ["Standard_D2ds_v5", 2, 8],
    ["standard_e16ads_v5", 16, 128],
    ["Standard_F8s_v2", 8, 16],
    ["Standard_DS2_v2", 2, 7],
    ["Standard_B2s", 2, 4],
    ["Unheard_Of", 2, 4],
  ])("%s has %d vCPUs and %d GiB", (size, cpus, memoryGiB) => {
    expect(vmCapacity(size)).toEqual({ cpus, memoryGiB });
  });

  it("keep some of it for the system, as AKS documents", () => {
    expect(allocatable({ cpus: 4, memoryGiB: 16 }, 110)).toEqual({ cpuMillis: 3860, memoryMiB: 16384 - 2250 - 100 });
    // At most a quarter of the memory.
    expect(allocatable({ cpus: 2, memoryGiB: 4 }, 250)).toEqual({ cpuMillis: 1900, memoryMiB: 4096 - 1024 - 100 });
  });
});
