import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { type NodePoolArgs } from "../../../components/aks-cluster";
import { poolName } from "../../../components/aks-cluster/pool-name";
import { withDefaults } from "../../../components/aks-cluster/settings";
import { ids, minimal } from "./example";

function nameOf(change: Partial<NodePoolArgs>): string {
  const { nodePools } = withDefaults({
    ...minimal,
    nodePools: [{ ...(minimal.nodePools[0] as NodePoolArgs), ...change }],
  });
  const [pool] = nodePools;
  if (!pool) {
    throw new Error("There is no pool.");
  }
  return poolName(pool);
}

describe("the name of a pool", () => {
  const createOnly: [string, Partial<NodePoolArgs>][] = [
    ["vmSize", { vmSize: "Standard_D8ds_v5" }],
    ["zones", { zones: ["1"] }],
    ["osDiskType", { osDiskType: "Managed" }],
    ["osDiskSizeGb", { osDiskSizeGb: 64 }],
    ["osSku", { osSku: "Ubuntu" }],
    ["maxPods", { maxPods: 60 }],
    ["encryptionAtHost", { encryptionAtHost: false }],
    ["fips", { fips: true }],
    ["spot", { spot: true }],
    ["subnetId", { subnetId: ids.subnet }],
    ["podSubnetId", { podSubnetId: ids.otherSubnet }],
    ["revision", { revision: "2" }],
  ];

  it.each(createOnly)("changes with %s, which Azure fixes at creation", (_field, change) => {
    expect(nameOf(change)).not.toBe(nameOf({}));
    expect(nameOf(change)).toBe(nameOf(change));
  });

  it.each([
    ["minCount", { minCount: 4 }],
    ["maxCount", { maxCount: 9 }],
    ["autoscale", { autoscale: false }],
    ["labels", { labels: { a: "b" } }],
    ["taints", { taints: [] }],
    ["maxSurge", { maxSurge: "50%" }],
    ["the case of vmSize", { vmSize: "Standard_d4DS_v5" }],
  ] satisfies [string, Partial<NodePoolArgs>][])("stays with %s, which can be changed in place", (_field, change) => {
    expect(nameOf(change)).toBe(nameOf({}));
  });

  it("is one that Azure takes, whatever the fields", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/),
        fc.string(),
        fc.integer({ min: 10, max: 250 }),
        (name, revision, maxPods) => {
          expect(nameOf({ name, revision, maxPods })).toMatch(/^[a-z][a-z0-9]{0,11}$/);
        },
      ),
    );
    expect(nameOf({ name: "win", osSku: "Windows2022" })).toMatch(/^win[a-z0-9]{3}$/);
  });
});
