import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPreviewPolicy } from "../../preview/settings";
import { policies, policyValues } from "../../preview/setup/own-cluster-rules";
import { type StatusRow } from "../../preview/status";
import { programDirectory } from "../../sandbox/paths";
import { pulumi, type Sandbox } from "../../sandbox/sandbox";
import { arm, resourcesInAzure } from "../sandbox/azure";
import { closeTestSandbox, openTestSandbox } from "../sandbox/in-sandbox";
import { type GitHubServer, startGitHub } from "./github-server";
import { commitOf, programWith, push, runPreview } from "./in-preview";

let sandbox: Sandbox;
let github: GitHubServer;

beforeAll(async () => {
  [sandbox, github] = await Promise.all([openTestSandbox(), startGitHub()]);
  await assignPolicies();
});

/** What preview/setup makes in the subscription of such clusters: the previews here are let through by Azure's own limits. */
async function assignPolicies(): Promise<void> {
  const values = policyValues(await readPreviewPolicy(programDirectory), []);
  for (const [name, { parameters, condition }] of Object.entries(policies)) {
    const path = (type: string) => `/providers/Microsoft.Authorization/${type}/${name}`;
    const put = async (type: string, properties: unknown) => {
      const { status, body } = await arm(sandbox, "PUT", `${path(type)}?api-version=2025-01-01`, { properties });
      expect(status, JSON.stringify(body)).toBe(201);
    };
    await put("policyDefinitions", {
      mode: "All",
      parameters: Object.fromEntries(Object.entries(parameters).map(([key, type]) => [key, { type }])),
      policyRule: { if: condition, then: { effect: "deny" } },
    });
    await put("policyAssignments", {
      policyDefinitionId: `/subscriptions/${sandbox.emulator.credentials.subscriptionId}${path("policyDefinitions")}`,
      parameters: Object.fromEntries(Object.keys(parameters).map((key) => [key, { value: values[key] }])),
    });
  }
}

afterAll(async () => {
  await github.stop();
  await closeTestSandbox(sandbox);
});

const own = ["--cluster", "own"];

/** Everything that the subscription holds, AKS's own groups included. */
async function everythingInAzure(): Promise<string[]> {
  const { body } = await arm(sandbox, "GET", "/resourcegroups?api-version=2022-09-01");
  const groups = (body as { value: { name: string }[] }).value.map(({ name }) => name);
  return [...groups, ...(await resourcesInAzure(sandbox))];
}

async function stacks(): Promise<string[]> {
  const { stdout } = await pulumi(sandbox, ["stack", "ls", "--json"]);
  return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
}

describe.sequential("previews with a cluster of their own", () => {
  it("are refused where nodes are too large or too many, before anything is made", async () => {
    const index = await readFile(join(programDirectory, "index.ts"), "utf8");
    const definition = "const definition = stackDefinition(stack, previewed, settings);";
    expect(index).toContain(definition);
    const larger = await programWith(
      index.replace(
        definition,
        `const { cluster: small, ...others } = stackDefinition(stack, previewed, settings);
        const nodePools = small.nodePools.map((pool) => ({ ...pool, vmSize: "Standard_D64ds_v5", maxCount: 5 }));
        const definition = { ...others, cluster: { ...small, nodePools } };`,
      ),
    );
    const { report } = await push(sandbox, github, 30, commitOf(3), [...own, "--program", larger.directory], 1);
    await larger.remove();
    const error = report.state.status === "failed" ? report.state.error : "";
    expect(error).toContain("Nothing was deployed: the preview would leave its bounds.");
    expect(error).toContain("Nodes of size Standard_D64ds_v5 are not allowed (Standard_D2ds_v5, ");
    expect(error).toContain("The cluster could grow to 10 nodes; at most 4 are allowed.");
    expect(await everythingInAzure()).toEqual([]);
  });

  it("come up, tagged, with mesh and application on them, and no other stack to be compared with", async () => {
    const { report } = await push(sandbox, github, 31, commitOf("b"), own);
    expect(report).toMatchObject({
      stack: "pr-31",
      kind: "own",
      state: { status: "running" },
      health: { ready: 6, total: 6, problems: [] },
      access: { changes: { unknown: expect.stringContaining("There is no stack dev") } },
    });
    expect(report.addresses).toContainEqual({
      name: "bookstore",
      url: "http://bookstore.bookstore.svc.cluster.local:14001",
    });
    const { body } = await arm(sandbox, "GET", "/resourcegroups/aks-mesh-pr-31?api-version=2022-09-01");
    expect(body).toMatchObject({
      tags: { "pull-request": "31", commit: commitOf("b"), owner: "octocat", expires: report.expires },
    });
  });

  it("are in the table, with the health of their own cluster", async () => {
    const { stdout } = await runPreview(sandbox, github, ["status", "--json"]);
    const rows = JSON.parse(stdout) as StatusRow[];
    expect(rows.map(({ pullRequest, cluster, state }) => [pullRequest, cluster, state])).toEqual([
      [30, "own", "unfinished"],
      [31, "own", "running"],
    ]);
    expect(rows[1]).toMatchObject({ health: { ready: 6, total: 6 } });
  });

  it("are refused beyond previewOwnClusters, and on the shared cluster while they are there", async () => {
    const refused = async (number: number, ...args: readonly string[]) =>
      (await push(sandbox, github, number, commitOf("c"), args, 1)).report.state;
    expect(await refused(32, ...own)).toEqual({
      status: "failed",
      error: expect.stringContaining(
        "2 of at most 2 previews with a cluster of their own are there already (pull requests 30, 31).",
      ),
    });
    expect(await refused(31)).toEqual({
      status: "failed",
      error: expect.stringContaining("The preview of pull request 31 is on a cluster of its own. Remove it first"),
    });
    expect(await stacks()).toEqual(["pr-30", "pr-31"]);
  });

  it("leave nothing behind, and no code that their program left in their state is run", async () => {
    const marker = join(sandbox.paths.directory, "code-of-the-state-ran");
    const poison = `require(\\"fs\\").writeFileSync(${JSON.stringify(JSON.stringify(marker)).slice(1, -1)}, \\"\\");`;
    const exported = (await pulumi(sandbox, ["stack", "export", "--stack", "pr-31"])).stdout;
    const poisoned = exported.replaceAll('"__provider": "', `"__provider": "${poison}`);
    expect(poisoned.split(marker).length).toBeGreaterThan(1);
    const file = join(sandbox.paths.directory, "poisoned.json");
    await writeFile(file, poisoned);
    const imported = await pulumi(sandbox, ["stack", "import", "--stack", "pr-31", "--file", file]);
    expect(imported.code, imported.stderr).toBe(0);

    const cluster = "/subscriptions/.*/resourcegroups/aks-mesh-pr-31/.*/managedclusters/aks-mesh-pr-31$";
    expect(await everythingInAzure()).toContainEqual(expect.stringMatching(new RegExp(cluster)));
    for (const number of ["30", "31"]) await runPreview(sandbox, github, ["down", "--pr", number]);
    expect(await everythingInAzure()).toEqual([]);
    expect(await stacks()).toEqual([]);
    expect(existsSync(marker)).toBe(false);
  });

  it("run on Istio where the settings of previews say so, and leave nothing behind", async () => {
    const index = await readFile(join(programDirectory, "index.ts"), "utf8");
    const settings = await readFile(join(programDirectory, "Pulumi.preview.yaml"), "utf8");
    const onIstio = `${settings}  aks-mesh:mesh: istio\n  aks-mesh:meshRevisionTag: prod\n`;
    const program = await programWith(index, { "Pulumi.preview.yaml": onIstio });
    const { report } = await push(sandbox, github, 33, commitOf("d"), [...own, "--program", program.directory]);
    await program.remove();
    // istiod is none of its workloads.
    expect(report).toMatchObject({
      ...{ stack: "pr-33", kind: "own", state: { status: "running" } },
      health: { ready: 6, total: 6, problems: [] },
      access: { guarantees: 12, broken: [] },
    });
    await runPreview(sandbox, github, ["down", "--pr", "33"]);
    expect(await everythingInAzure()).toEqual([]);
    expect(await stacks()).toEqual([]);
  });

  it("are found by the reaper where only their resource group is left", async () => {
    // Such groups are older than the policies.
    const types =
      "/providers/Microsoft.Authorization/policyAssignments/aks-mesh-own-cluster-types?api-version=2025-01-01";
    await arm(sandbox, "DELETE", types);
    const group = "/resourcegroups/aks-mesh-pr-33?api-version=2022-09-01";
    await arm(sandbox, "PUT", group, { location: "westeurope" });
    const tags = { project: "aks-mesh", stack: "pr-34" };
    await arm(sandbox, "PUT", "/resourcegroups/renamed?api-version=2022-09-01", { location: "westeurope", tags });
    await arm(sandbox, "PUT", "/resourcegroups/pr-35?api-version=2022-09-01", { location: "westeurope" });
    const { stdout } = await runPreview(sandbox, github, ["reap"]);
    expect(stdout).toContain("removed the preview of pull request 33 (no stack)");
    expect(stdout).toContain("removed the preview of pull request 34 (no stack)");
    expect((await everythingInAzure()).filter((name) => !name.startsWith("/"))).toEqual(["pr-35"]);
  });
});
