import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { arm, resourcesInAzure, unregisterFeature } from "./azure";
import { operate, type Sandbox } from "../../sandbox/sandbox";
import { closeTestSandbox, configure, kubectl, openTestSandbox, plannedSteps, stateOf } from "./in-sandbox";

const stack = "dev";
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await openTestSandbox();
});
afterAll(() => closeTestSandbox(sandbox));

/** Runs an operation that has to succeed, and shows what it printed where it does not. */
async function succeeds(operation: "up" | "destroy" | "refresh", ...flags: string[]): Promise<string> {
  const exit = await operate(sandbox, operation, stack, flags);
  expect(exit.code, exit.stdout + exit.stderr).toBe(0);
  return exit.stdout;
}

/** After a refresh azure-native names every live pool in the cluster's inputs, which the next `up` takes out again. */
const isClusterAfterRefresh = (urn: string) => urn.includes("azure-native:containerservice:ManagedCluster");

describe.sequential("the program from nothing to nothing", () => {
  it("creates what the preview said", async () => {
    await operate(sandbox, "preview", stack);
    const planned = await plannedSteps(sandbox, stack);
    expect(new Set(planned.values())).toEqual(new Set(["create"]));
    await succeeds("up");
    const { resources } = await stateOf(sandbox, stack);
    const created = resources.map(({ urn }) => urn).filter((urn) => !urn.includes("pulumi:providers:"));
    const expected = [...planned.keys()].filter((urn) => !urn.includes("pulumi:providers:"));
    expect(created.sort()).toEqual(expected.sort());
  });

  it("changes nothing the second time", async () => {
    await succeeds("up", "--expect-no-changes");
    expect([...(await plannedSteps(sandbox, stack)).entries()]).toEqual([]);
  });

  it("keeps kubeconfig, tokens and keys out of the state's plain text", async () => {
    const { text } = await stateOf(sandbox, stack);
    const { clientSecret } = JSON.parse(await readFile(sandbox.paths.credentials, "utf8")) as { clientSecret: string };
    expect(text).toContain("ciphertext");
    expect(text).not.toContain(clientSecret);
    expect(text).not.toMatch(/eyJ[\w-]{10,}\.eyJ/); // a JSON Web Token
    expect(text).not.toMatch(/PRIVATE KEY|client-key-data|certificate-authority-data|get-token/);
  });

  it("runs the bookstore in the mesh: every pod has its sidecar, the canary is halfway", async () => {
    const pods = await kubectl(
      sandbox,
      stack,
      ...["get", "pods", "--all-namespaces", "--selector=app", "--output=json"],
    );
    const { items } = JSON.parse(pods.stdout) as {
      items: { metadata: { namespace: string }; spec: { containers: { name: string }[] } }[];
    };
    const bookstorePods = items.filter(({ metadata }) => metadata.namespace.startsWith("book"));
    expect(bookstorePods.length).toBeGreaterThanOrEqual(5);
    for (const { spec } of bookstorePods) expect(spec.containers.map(({ name }) => name)).toContain("envoy");

    const split = await kubectl(
      sandbox,
      stack,
      ...["get", "trafficsplits", "--namespace=bookstore", "--output=jsonpath={.items[0].spec.backends[*].weight}"],
    );
    expect(split.stdout).toBe("50 50");
  });

  it("changes in place what can be changed, adds what is new, and touches nothing else", async () => {
    const group = "00000000-0000-0000-0000-0000000a11ce";
    await configure(sandbox, stack, { owner: "blue", administrators: [group] });
    const planned = await plannedSteps(sandbox, stack);
    const created = [...planned].filter(([, step]) => step === "create").map(([urn]) => urn);
    expect(created).toEqual([expect.stringContaining(`RoleAssignment::aks-mesh-dev-admin-${group}`)]);
    for (const [urn, step] of planned) if (!created.includes(urn)) expect([urn, step]).toEqual([urn, "update"]);
    expect([...planned.keys()].filter((urn) => urn.includes("kubernetes:"))).toEqual([]);
    await succeeds("up");
    const { body } = await arm(sandbox, "GET", "/resourceGroups/aks-mesh-dev?api-version=2022-09-01");
    expect(body).toMatchObject({ tags: { owner: "blue" } });
    await configure(sandbox, stack, { owner: undefined, administrators: undefined });
    await succeeds("up");
    await succeeds("up", "--expect-no-changes");
  });

  it("refuses through the real OSM what the mesh would ignore", async () => {
    const exit = await kubectl(
      sandbox,
      stack,
      ...["patch", "traffictargets", "bookbuyer-access-bookstore", "--namespace=bookstore", "--type=merge"],
      `--patch={"spec":{"destination":{"namespace":"bookwarehouse"}}}`,
    );
    expect(exit.code).not.toBe(0);
    expect(exit.stderr).toContain("osm-validator");
  });

  it("finds by refresh an object that was deleted by hand, and makes it again", async () => {
    const removed = await kubectl(
      sandbox,
      stack,
      "delete",
      "traffictarget",
      "bookbuyer-access-bookstore",
      "--namespace=bookstore",
    );
    expect(removed.code, removed.stderr).toBe(0);
    expect(await succeeds("refresh")).toMatch(/1 deleted/);
    const planned = await plannedSteps(sandbox, stack);
    const others = [...planned].filter(([urn]) => !isClusterAfterRefresh(urn));
    expect(others).toEqual([[expect.stringContaining("TrafficTarget-bookstore-bookbuyer-access-bookstore"), "create"]]);
    await succeeds("up");
    await succeeds("up", "--expect-no-changes");
  });

  it("finds by refresh a feature that was unregistered by hand, and registers it again", async () => {
    await unregisterFeature(sandbox);
    await succeeds("refresh");
    const planned = await plannedSteps(sandbox, stack);
    expect([...planned.keys()].some((urn) => urn.includes("AKS-OpenServiceMesh"))).toBe(true);
    await succeeds("up");
    await succeeds("up", "--expect-no-changes");
  });

  it("leaves nothing behind", async () => {
    await succeeds("destroy");
    expect((await stateOf(sandbox, stack)).resources).toEqual([]);
    expect(await resourcesInAzure(sandbox)).toEqual([]);
  });
});
