import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../sandbox/engine";
import { operate, type Sandbox } from "../../sandbox/sandbox";
import { closeTestSandbox, kubectl, openTestSandbox } from "../sandbox/in-sandbox";

const root = resolve(__dirname, "../..");
const stack = "dev";
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await openTestSandbox();
  const { code, stdout, stderr } = await operate(sandbox, "up", stack);
  expect(code, stdout + stderr).toBe(0);
});
afterAll(() => closeTestSandbox(sandbox));

/** `aks-mesh drift`, as the nightly workflow calls it. */
async function drift(): Promise<{ code: number; stdout: string }> {
  const environment = { ...sandbox.environment, GITHUB_STEP_SUMMARY: "" };
  const line = [join(root, "cli", "bin.js"), "drift", "--stack", stack];
  return run(process.execPath, line, { cwd: sandbox.paths.project, environment });
}

describe.sequential("drift", () => {
  it("is nothing after a deployment", async () => {
    expect(await drift()).toMatchObject({ code: 0, stdout: "Stack dev is as it was deployed.\n" });
  });

  it("is what somebody removed by hand", async () => {
    await kubectl(sandbox, stack, "delete", "service", "--namespace=bookstore", "bookstore");
    const { code, stdout } = await drift();
    expect(stdout).toBe("Stack dev is not as it was deployed:\n− kubernetes:core/v1:Service aks-mesh-dev-bookstore\n");
    expect(code).toBe(1);
  });
});

describe.sequential("docs/preview-access.yaml", () => {
  const previews = "11111111-0000-0000-0000-000000000001";
  const planning = "11111111-0000-0000-0000-000000000002";

  /** Who the API server takes it for is said by the cluster's administrator. */
  async function as(who: string, ...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await kubectl(sandbox, stack, ...args, `--as=${who}`);
    return code === 0 ? "allowed" : stdout + stderr;
  }

  beforeAll(async () => {
    const text = await readFile(join(root, "docs", "preview-access.yaml"), "utf8");
    const file = join(sandbox.paths.directory, "preview-access.yaml");
    await writeFile(file, text.replaceAll("PREVIEW_OBJECT_ID", previews).replaceAll("PLAN_OBJECT_ID", planning));
    expect((await kubectl(sandbox, stack, "apply", "--filename", file)).code).toBe(0);
  });

  it("takes effect", async () => {
    // The API server reads new policies a moment later.
    const asPlanner = () => as(planning, "create", "configmap", "probe", "--namespace=bookstore");
    await expect.poll(asPlanner, { timeout: 60_000, interval: 500 }).toContain("Planning writes nothing");
  });

  it("lets previews make and remove what is in namespaces of their own", async () => {
    expect(await as(previews, "create", "namespace", "pr-12-shop")).toBe("allowed");
    expect(await as(previews, "create", "configmap", "x", "--namespace=pr-12-shop")).toBe("allowed");
    const elsewhere = ["label", "namespace", "bookstore", "a=b", "--dry-run=server"];
    expect(await as(previews, ...elsewhere)).toBe("allowed");
    expect(await as(previews, "delete", "namespace", "pr-12-shop", "--wait=false")).toBe("allowed");
  });

  it.each([
    ["create", "namespace", "prod"],
    ["create", "namespace", "pr-x-shop"],
    ["create", "namespace", "my-pr-1-shop"],
    ["label", "namespace", "bookstore", "a=b"],
    ["delete", "namespace", "bookstore"],
    ["create", "configmap", "x", "--namespace=bookstore"],
    ["delete", "service", "bookstore-v1", "--namespace=bookstore"],
    ["create", "serviceaccount", "x", "--namespace=kube-system"],
    ["label", "meshconfig", "osm-mesh-config", "--namespace=kube-system", "a=b"],
  ])("keeps previews from everything else: %s %s %s", async (...args) => {
    expect(await as(previews, ...args)).toContain(
      "Previews write into namespaces whose names begin with pr-NUMBER- alone.",
    );
  });

  it.each([
    ["delete", "validatingadmissionpolicy", "aks-mesh-preview"],
    ["create", "clusterrolebinding", "x", "--clusterrole=cluster-admin", `--user=${previews}`],
    ["create", "token", "default", "--namespace=bookbuyer"],
    ["exec", "--namespace=bookbuyer", "deploy/bookbuyer", "--", "true"],
  ])("gives previews no right to: %s %s", async (...args) => {
    // kubectl takes what stands behind -- for the command.
    const [before, after] = args.includes("--") ? [args.slice(0, -2), args.slice(-2)] : [args, []];
    const { code, stderr } = await kubectl(sandbox, stack, ...before, `--as=${previews}`, ...after);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/[Ff]orbidden/);
  });

  it("lets whoever plans read, and write in dry runs alone", async () => {
    const create = ["create", "configmap", "x", "--namespace=bookstore"];
    expect(await as(planning, "get", "services", "--all-namespaces")).toBe("allowed");
    expect(await as(planning, ...create, "--dry-run=server")).toBe("allowed");
    expect(await as(planning, ...create)).toContain("Planning writes nothing.");
    expect(await as(planning, "delete", "service", "bookstore-v1", "--namespace=bookstore")).toContain(
      "Planning writes nothing.",
    );
  });
});
