import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { operate, pulumi, type Sandbox } from "../../sandbox/sandbox";
import { closeTestSandbox, configure, openTestSandbox, plannedSteps, stateOf } from "./in-sandbox";

const stack = "dev";

describe.sequential("the mesh's policies in the program", () => {
  let sandbox: Sandbox;

  /** Runs an operation with a scenario of the program; answers with what it printed. */
  async function run(operation: "preview" | "up" | "destroy", scenario: string, code = 0): Promise<string> {
    await configure(sandbox, stack, { scenario });
    const exit = await operate(sandbox, operation, stack);
    expect(exit.code === 0 ? 0 : 1, exit.stdout + exit.stderr).toBe(code);
    return exit.stdout + exit.stderr;
  }
  /** Names of what is deployed below MeshPolicies. */
  const policies = async () =>
    (await stateOf(sandbox, stack)).resources
      .filter(({ urn }) => urn.includes("aks-mesh:index:MeshPolicies$"))
      .map(({ urn }) => urn.slice(urn.lastIndexOf("::") + 2));
  /** The part of the diagnostics that stands below a resource of this type and name. */
  const diagnosticsOf = (printed: string, type: string, name: string): string => {
    const [, rest = ""] = printed.split(`${type} (${name}):\n`);
    return rest.split("\n\n")[0] ?? "";
  };

  beforeAll(async () => {
    sandbox = await openTestSandbox({ program: join(__dirname, "programs", "policies") });
    await operate(sandbox, "preview", stack);
    await run("up", "none");
  });
  afterAll(() => closeTestSandbox(sandbox));

  it("are all analysed before the first is applied, also where a preview could not know one", async () => {
    const printed = await run("preview", "late");
    expect(diagnosticsOf(printed, "aks-mesh:index:MeshPolicies", "shop")).toContain(
      "Not known in this preview: TrafficTarget shop/extra.",
    );
    const failed = await run("up", "late", 1);
    expect(failed).toMatch(/Guarantee strangers stay out: [^]*shown by +shop\/stranger → \S+ GET \/status\n/);
    expect(failed).not.toMatch(/\n\s+at /); // a stack trace is not an answer
    expect(await policies()).toEqual([]);
  });

  it("come up where they hold, and say who may call whom", async () => {
    const printed = await run("up", "closed");
    expect(await policies()).toEqual(
      expect.arrayContaining(["shop-shop", "shop-HTTPRouteGroup-shop-items", "shop-TrafficTarget-shop-web"]),
    );
    expect(printed).toMatch(/\+ shop\/web → shop\/api:80 *: \{\n +\+ GET \/items\/\[0-9\]\+: "allowed"\n/);
    expect(printed).not.toContain("Diagnostics");
    expect([...(await plannedSteps(sandbox, stack))]).toEqual([]);
  });

  it("keep the objects of a stack from before NamespaceIsolation was called so", async () => {
    const { text } = await stateOf(sandbox, stack);
    expect(text).toContain("aks-mesh:index:NamespaceIsolation$kubernetes:core/v1:ResourceQuota");
    const file = join(sandbox.paths.directory, "before.json");
    await writeFile(file, text.replaceAll("aks-mesh:index:NamespaceIsolation", "aks-mesh:index:NamespaceFence"));
    expect(await pulumi(sandbox, ["stack", "import", "--stack", stack, "--file", file])).toMatchObject({ code: 0 });
    expect([...(await plannedSteps(sandbox, stack))]).toEqual([]);
    await run("up", "closed");
    const after = (await stateOf(sandbox, stack)).text;
    expect(after).not.toContain("NamespaceFence");
    expect(after).toContain("aks-mesh:index:NamespaceIsolation$kubernetes:core/v1:ResourceQuota");
  });

  it("show in the preview what a change opens", async () => {
    const printed = await run("preview", "opened");
    expect(printed).toMatch(
      /~ access: \{\n +\+ shop\/stranger → shop\/api:80 *: \{\n +\+ GET \/items\/\[0-9\]\+: "allowed"\n/,
    );
    expect(printed).toMatch(/\n {8}shop\/web → shop\/api:80/);
  });

  it("break no guarantee: the preview fails with the call that would, and nothing is made", async () => {
    const before = await policies();
    const printed = await run("preview", "broken", 1);
    const said = diagnosticsOf(printed, "aks-mesh:index:MeshPolicies", "shop");
    expect(said).toContain("error: Guarantee strangers stay out: ");
    expect(said).toContain("shown by  shop/stranger → api.shop.svc.cluster.local:80 GET /items/0\n");
    expect(said).toContain("because   TrafficTarget shop/stranger\n");
    expect(said).toMatch(/remedy +\S/);
    expect(printed).not.toMatch(/\n\s+at /);
    expect(await run("up", "broken", 1)).toContain("shown by  shop/stranger → api.shop.svc.cluster.local:80");
    expect(await policies()).toEqual(before);
  });

  it("have their findings shown on the resource that they are about", async () => {
    const shadowed = diagnosticsOf(
      await run("preview", "shadowed"),
      "kubernetes:access.smi-spec.io/v1alpha3:TrafficTarget",
      "shop-TrafficTarget-shop-extra",
    );
    expect(shadowed).toMatch(/^ +warning: spec\.rules\[0\]: match status of extra .*\n +remedy +\S/);
    const unauthorised = diagnosticsOf(
      await run("preview", "unauthorised", 1),
      "kubernetes:split.smi-spec.io/v1alpha2:TrafficSplit",
      "shop-TrafficSplit-shop-api",
    );
    expect(unauthorised).toMatch(/error: spec\.backends\[1\]: 10 % of the calls of shop\/web to api go to next/);
    expect(unauthorised).toContain("shown by  shop/web → api.shop.svc.cluster.local:80 GET /\n");
  });
});
