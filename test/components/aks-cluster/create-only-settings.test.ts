import { describe, expect, it } from "vitest";
import { createOnlyPaths, split } from "../../../components/aks-cluster/create-only";
import { fixedChanges, refusal } from "../../../components/aks-cluster/create-only-settings";

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
