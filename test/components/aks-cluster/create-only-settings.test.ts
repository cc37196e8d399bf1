import { afterEach, describe, expect, it } from "vitest";
import { createOnlyPaths, split } from "../../../components/aks-cluster/create-only";
import { fixedChanges, handler, refusal } from "../../../components/aks-cluster/create-only-settings-provider";
import { containerService } from "../../../sandbox/providers/azure-native/resource-types/container-service";
import { type FakeArm, fakeArm } from "../arm/fake-arm";

const values = (changes: object = {}): string =>
  JSON.stringify(
    split({ location: "westeurope", dnsPrefix: "shop", networkProfile: { podCidr: "10.0.0.0/16" }, ...changes })
      .createOnly,
  );

describe("values that Azure fixes when it makes a cluster", () => {
  it.each([
    [{ location: "northeurope" }, "location"],
    [{ dnsPrefix: "other" }, "dnsPrefix"],
    [{ nodeResourceGroup: "nodes" }, "nodeResourceGroup"],
    [{ diskEncryptionSetID: "/set" }, "diskEncryptionSetID"],
    [{ networkProfile: { podCidr: "10.1.0.0/16" } }, "networkProfile.podCidr"],
    [{ networkProfile: {} }, "networkProfile.podCidr"],
  ])("%j is a change of %s", (change, path) => {
    expect(fixedChanges(values(), values(change)).map((one) => one.path)).toEqual([path]);
  });

  it.each(createOnlyPaths)("has %s among them", (path) => {
    const nested = path.split(".").reduceRight<unknown>((value, key) => ({ [key]: value }), "value");
    expect(Object.keys(split(nested as object).createOnly)).toEqual([path]);
  });

  it("are those for whose change azure-native replaces a cluster, and those in its id", () => {
    const { replaceOnChanges = [] } = containerService["azure-native:containerservice:ManagedCluster"] ?? {};
    expect([...createOnlyPaths].sort()).toEqual(["resourceGroupName", "resourceName", ...replaceOnChanges].sort());
  });

  it("does not see a change in how a region is written, nor in what Azure changes", () => {
    expect(fixedChanges(values(), values({ location: "West Europe" }))).toEqual([]);
    expect(fixedChanges(values(), values({ tags: { owner: "blue" }, kubernetesVersion: "1.36" }))).toEqual([]);
  });

  it("says nothing of values that a preview does not know yet", () => {
    expect(fixedChanges(values(), "04da6b54-80e4-46f7-96ec-b56ff0331ba9")).toEqual([]);
  });

  it("are refused with each value before and after, and with what to do instead", () => {
    const text = refusal(
      "shop",
      fixedChanges(values(), values({ location: "northeurope", diskEncryptionSetID: "/set" })),
    );
    expect(text).toContain('location: "westeurope" → "northeurope"');
    expect(text).toContain('diskEncryptionSetID: not set → "/set"');
    expect(text).toContain("make a second stack");
  });
});

describe("a change of what Azure fixes", () => {
  const pools = "/subscriptions/sub/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c/agentPools";
  const settings = (location: string) => ({
    clusterName: "c",
    values: values({ resourceGroupName: "g", resourceName: "c", location }),
  });
  let fake: FakeArm | undefined;
  afterEach(() => fake?.close());

  /** What the provider's check says of a change of region. */
  async function failuresWith(status: number, after = "northeurope") {
    fake = await fakeArm(() => ({ status, body: { value: [] } }));
    const { arm, requests } = fake;
    const provider = handler(() => Promise.resolve(arm));
    const result = await provider.check?.(settings("westeurope"), settings(after));
    return { reasons: result?.failures?.map(({ reason }) => reason), requests };
  }

  it("is refused where the cluster is there, without a word of what else the update has done", async () => {
    const { reasons, requests } = await failuresWith(200);
    expect(requests).toEqual([`GET ${pools}`]);
    expect(reasons).toEqual([refusal("c", [{ path: "location", before: "westeurope", after: "northeurope" }])]);
    expect(reasons?.[0]).not.toContain("Nothing was changed");
  });

  it("is not refused where there is no cluster: its first creation failed, or somebody deleted it", async () => {
    expect((await failuresWith(404)).reasons).toEqual([]);
  });

  it("is refused where Azure does not tell", async () => {
    expect((await failuresWith(403)).reasons).toHaveLength(1);
  });

  it("asks Azure nothing where nothing changes", async () => {
    const { reasons, requests } = await failuresWith(200, "westeurope");
    expect(reasons).toEqual([]);
    expect(requests).toEqual([]);
  });

  it("is written down once there is no cluster that it would replace", async () => {
    const provider = handler();
    expect(await provider.diff?.("c", settings("westeurope"), settings("northeurope"))).toEqual({ changes: true });
    expect(await provider.diff?.("c", settings("westeurope"), settings("West Europe"))).toEqual({ changes: false });
  });
});
