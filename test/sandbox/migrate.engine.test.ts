import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readFile } from "node:fs/promises";
import { programDirectory } from "../../sandbox/paths";
import { operate, type Sandbox } from "../../sandbox/sandbox";
import { ensureIstio } from "../../sandbox/tools/istio";
import { closeTestSandbox, configure, kubectl, openTestSandbox, stateOf } from "./in-sandbox";

const stack = "dev";
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await openTestSandbox();
  await ensureIstio(sandbox.report);
  const exit = await operate(sandbox, "up", stack);
  expect(exit.code, exit.stdout + exit.stderr).toBe(0);
});
afterAll(() => closeTestSandbox(sandbox));

interface Exit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `aks-mesh migrate` as a person does.
 * @param killAt The command, with all that it started, is killed with SIGKILL as soon as it has printed this.
 */
async function migrate(args: readonly string[], killAt?: RegExp): Promise<Exit> {
  const line = [join(programDirectory, "cli", "bin.js"), "migrate", "--stack", stack, ...args];
  const child = spawn(process.execPath, line, {
    cwd: sandbox.paths.project,
    env: sandbox.environment,
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that all of it can be killed.
    detached: true,
  });
  const texts = { stdout: "", stderr: "" };
  let killed = false;
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
      if (killed || killAt === undefined || !killAt.test(texts[name]) || child.pid === undefined) return;
      killed = true;
      process.kill(-child.pid, "SIGKILL");
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  expect(killed, texts.stdout + texts.stderr).toBe(killAt !== undefined);
  return { code, ...texts };
}

async function read(...args: string[]): Promise<string> {
  const exit = await kubectl(sandbox, stack, "get", ...args);
  expect(exit.code, exit.stderr).toBe(0);
  return exit.stdout.trim();
}

/** The sidecars of the bookstore's pods. */
async function sidecars(): Promise<string[]> {
  const { items } = JSON.parse(await read("pods", "--all-namespaces", "--selector=app", "--output=json")) as {
    items: {
      metadata: { namespace: string; deletionTimestamp?: string };
      spec: { initContainers?: { name: string }[]; containers: { name: string }[] };
    }[];
  };
  const own = items.filter(({ metadata }) => metadata.namespace.startsWith("book") && !metadata.deletionTimestamp);
  expect(own.length).toBeGreaterThanOrEqual(6);
  const found = own.map(({ spec }) => {
    const names = [...(spec.initContainers ?? []), ...spec.containers].map(({ name }) => name);
    return names.includes("istio-proxy") ? "istio" : names.includes("envoy") ? "osm" : "none";
  });
  return [...new Set(found)];
}

async function setting(key: string): Promise<unknown> {
  const document: unknown = parse(await readFile(join(sandbox.paths.project, `Pulumi.${stack}.yaml`), "utf8"));
  return (document as { config: Record<string, unknown> }).config[`aks-mesh:${key}`];
}

describe.sequential("a running stack from Open Service Mesh to Istio, in place", () => {
  it("is refused by a plain `pulumi up`, which names the way", async () => {
    await configure(sandbox, stack, { mesh: "istio" });
    const exit = await operate(sandbox, "preview", stack);
    await configure(sandbox, stack, { mesh: undefined });
    expect(exit.code).not.toBe(0);
    expect(exit.stdout + exit.stderr).toMatch(/runs Open Service Mesh.*aks-mesh migrate --stack STACK/s);
  });

  it("is shown before anything changes, and refused while the policies are not equal", async () => {
    const { code, stdout, stderr } = await migrate(["--json"]);
    expect(code, stderr).toBe(1);
    const plan = JSON.parse(stdout) as {
      gap: object;
      proof: { changes: { kind: string; request?: { path?: string } }[] };
      pods: { by: string }[];
      obstacles: { option?: string }[];
    };
    expect(plan.gap).toEqual({ from: "osm-off", to: "policies" });
    // The bookstore's patterns are wider than the paths that they are meant for; nothing else differs.
    expect(new Set(plan.proof.changes.map(({ kind }) => kind))).toEqual(new Set(["closes"]));
    expect(new Set(plan.pods.map(({ by }) => by))).toEqual(new Set(["program"]));
    expect(plan.obstacles.map(({ option }) => option)).toEqual(["accept-changes"]);
    expect(await setting("mesh")).toBeUndefined();
    expect(await readdir(sandbox.paths.project)).not.toContain(`migration-${stack}`);
  });

  it("is walked, killed between two meshes, and taken up", async () => {
    // A workload that the program did not make.
    const made = await kubectl(
      ...[sandbox, stack, "create", "deployment", "guest", "--image=example/guest:1"],
      ...["--namespace=bookbuyer"],
    );
    expect(made.code, made.stderr).toBe(0);
    await migrate(["--yes", "--accept-changes"], /Namespace aks-mesh-dev-policies-\w+ updat/);
    expect(await setting("meshMigration")).toBe("permissive");
    const left = await read("mutatingwebhookconfigurations,validatingwebhookconfigurations", "--output=name");
    expect(left).not.toContain("osm");

    const { code, stderr } = await migrate(["--yes", "--remove-leftovers"]);
    expect(code, stderr).toBe(0);
    expect(stderr).not.toMatch(/\[[123]\/8\]/);
    expect(stderr).toContain("Restarting Deployment bookbuyer/guest");
    expect(await sidecars()).toEqual(["istio"]);
    expect(await setting("meshMigration")).toBeUndefined();
    expect(await setting("mesh")).toBe("istio");
    const namespace = await read(
      "namespace",
      "bookstore",
      "--output=jsonpath={.metadata.labels}{.metadata.annotations}",
    );
    expect(namespace).toContain("istio.io/rev");
    expect(namespace).not.toContain("openservicemesh.io");
    const policies = await read("authorizationpolicies", "--all-namespaces", "--output=name");
    expect(policies.split("\n").filter((name) => name.endsWith("/default-deny"))).toHaveLength(4);
    expect(await read("customresourcedefinitions", "--output=name")).not.toMatch(/smi-spec|openservicemesh/);
    const types = (await stateOf(sandbox, stack)).resources.map(({ type }) => type);
    expect(types.filter((type) => /smi-spec|openservicemesh/.test(type))).toEqual([]);
    expect(await readdir(join(sandbox.paths.project, `migration-${stack}`))).toContain("osm-objects.yaml");
    const again = await operate(sandbox, "up", stack, ["--expect-no-changes"]);
    expect(again.code, again.stdout + again.stderr).toBe(0);
  });

  it("goes back, and is as it was", async () => {
    const { code, stderr } = await migrate(["--back", "--yes"]);
    expect(code, stderr).toBe(0);
    expect(await sidecars()).toEqual(["osm"]);
    expect(await setting("mesh")).toBe("osm");
    expect((await read("traffictargets", "--all-namespaces", "--output=name")).split("\n").length).toBeGreaterThan(3);
    expect(await read("deployments", "--namespace=aks-istio-system", "--output=name")).toBe("");
    const again = await operate(sandbox, "up", stack, ["--expect-no-changes"]);
    expect(again.code, again.stdout + again.stderr).toBe(0);
    expect((await migrate(["--back"])).stderr).toContain("nothing to do");
  });
});
