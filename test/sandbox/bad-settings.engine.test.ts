import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pulumi, type Sandbox } from "../../sandbox/sandbox";
import { resourcesInAzure } from "./azure";
import { closeTestSandbox, configure, openTestSandbox } from "./in-sandbox";
import { badSettings } from "./programs/bad-settings/cases";

/** What a preview that has to be refused says. */
async function refusal(sandbox: Sandbox, stack: string): Promise<string> {
  const exit = await pulumi(sandbox, ["preview", "--stack", stack, "--non-interactive"]);
  const printed = exit.stdout + exit.stderr;
  expect(exit.code, printed).not.toBe(0);
  expect(printed).not.toMatch(/\n\s+at .*[/\\].*:\d+:\d+/); // a stack trace is not an answer
  return printed.replace(/\s+/g, " ");
}

describe("arguments of the components", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openTestSandbox({ program: join(__dirname, "programs", "bad-settings") });
    await pulumi(sandbox, ["stack", "init", "dev", "--no-select"]);
  });
  afterAll(() => closeTestSandbox(sandbox));

  it.each(badSettings.map((bad, index) => ({ ...bad, index })))("$title", async ({ index, names, remedy }) => {
    await configure(sandbox, "dev", { case: index });
    const printed = await refusal(sandbox, "dev");
    expect(printed).toContain(names);
    expect(printed).toMatch(remedy);
  });

  it("has made nothing in Azure", async () => {
    expect(badSettings.length).toBeGreaterThanOrEqual(40);
    expect(await resourcesInAzure(sandbox)).toEqual([]);
  });
});

describe.sequential("settings of a stack", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openTestSandbox();
    await pulumi(sandbox, ["stack", "init", "dev", "--no-select"]);
  });
  afterAll(() => closeTestSandbox(sandbox));

  it.each([
    ["no location", { location: undefined }, "location", /missing configuration/],
    ["text for a boolean", { registerFeature: "perhaps" }, "registerFeature", /boolean/],
    ["text for a list", { administrators: "everybody" }, "administrators", /array/],
    ["an unknown login", { kubeconfigLogin: "password" }, "kubeconfigLogin", /azurecli, spn/],
    ["an address that is no range", { authorizedIpRanges: ["office"] }, "authorizedIpRanges", /\/\d+|CIDR/],
    ["a subnet that is no id", { nodeSubnetId: "nodes" }, "nodeSubnetId", /Microsoft.Network/],
    ["a setting that nothing reads", { nodeSubnetID: "" }, "aks-mesh:nodeSubnetID", /Did you mean nodeSubnetId/],
    ["a region that does not exist", { location: "westeurop" }, "location", /Write westeurope/],
    ["a region without zones", { location: "ukwest" }, "nodePools[0].zones", /no availability zones/],
    ["a version that the mesh does not run on", { kubernetesVersion: "1.37" }, "kubernetesVersion", /Write 1\.36/],
    [
      "a version that Azure offers no more",
      { kubernetesVersion: "1.30" },
      "kubernetesVersion",
      /1\.34, 1\.35 or 1\.36/,
    ],
  ])("%s", async (_, values, names, remedy) => {
    const before = { location: "westeurope" };
    await configure(sandbox, "dev", values);
    const printed = await refusal(sandbox, "dev");
    expect(printed).toContain(names);
    expect(printed).toMatch(remedy);
    await configure(sandbox, "dev", {
      ...Object.fromEntries(Object.keys(values).map((key) => [key, undefined])),
      ...before,
    });
  });
});
