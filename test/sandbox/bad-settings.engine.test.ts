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

/** One case of every component. */
const firstOfEach = badSettings.filter(
  ({ component }, index) => badSettings.findIndex((other) => other.component === component) === index,
);

describe.sequential("arguments of the components", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openTestSandbox({ program: join(__dirname, "programs", "bad-settings") });
    await pulumi(sandbox, ["stack", "init", "dev", "--no-select"]);
  });
  afterAll(() => closeTestSandbox(sandbox));

  it("are refused one by one, with where and what to write instead", async () => {
    const printed = await refusal(sandbox, "dev");
    const said = new Map<number, string>();
    for (const [, index, text = ""] of printed.matchAll(/(?:case |\(bad-)(\d+)(.*?)(?=case \d|\(bad-|$)/g))
      said.set(Number(index), (said.get(Number(index)) ?? "") + text);
    for (const [index, { title, names, remedy }] of badSettings.entries()) {
      expect(said.get(index), title).toContain(names);
      expect(said.get(index), title).toMatch(remedy);
    }
  });

  it.each(firstOfEach)("end the run with the refusal alone: $title", async ({ title, names, remedy }) => {
    await configure(sandbox, "dev", { case: title });
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
    ["a setting that nothing reads", { nodeSubnetID: "" }, "aks-mesh:nodeSubnetID", /Did you mean nodeSubnetId/],
    ["a region that does not exist", { location: "westeurop" }, "location", /Write westeurope/],
    ["a region without zones", { location: "ukwest" }, "nodePools[0].zones", /no availability zones/],
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
