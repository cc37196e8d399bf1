import { execFileSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { stringify } from "yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../sandbox/engine";
import { type Sandbox } from "../../sandbox/sandbox";
import { ensurePythonHost, ensurePythonPackages } from "../../sandbox/tools/python";
import { closeTestSandbox, openTestSandbox } from "../sandbox/in-sandbox";
import { codeOf, installPackage, linkPulumi } from "./installed";

let sandbox: Sandbox;
let folder: string;
let python: string;

/** Where the generated SDK is installed. */
const sdk = () => join(folder, "installed-sdk");

/** Runs the real Pulumi for a program in the consumer's folder. */
async function pulumi(program: string, ...args: string[]) {
  const environment = {
    ...sandbox.environment,
    PATH: `${python}:${sandbox.environment["PATH"] ?? ""}`,
    PYTHONPATH: sdk(),
  };
  const { code, stdout, stderr } = await run(sandbox.tools.path("pulumi"), args, {
    cwd: join(folder, program),
    environment,
  });
  expect(code, stdout + stderr).toBe(0);
  return stdout;
}

/** Writes a program and makes its stack. */
async function project(name: string, definition: object, file: string, text: string): Promise<void> {
  await mkdir(join(folder, name));
  await writeFile(join(folder, name, "Pulumi.yaml"), stringify({ name, ...definition }));
  await writeFile(join(folder, name, file), text);
  await pulumi(name, "stack", "init", "dev");
}

const stack = ["--stack", "dev", "--non-interactive"];

beforeAll(async () => {
  ({ folder } = installPackage());
  linkPulumi(folder);
  sandbox = await openTestSandbox();
  await ensurePythonHost(sandbox.paths.pulumiHome, sandbox.report);
  python = await ensurePythonPackages(sandbox.report);
});
afterAll(async () => {
  await closeTestSandbox(sandbox);
  await rm(folder, { recursive: true });
});

describe.sequential("the installed package under the real engine", () => {
  it("serves a program in TypeScript", async () => {
    const [program = ""] = codeOf("package.md", "ts");
    const { code } = transformSync(program, { loader: "ts", format: "cjs" });
    const runtime = { name: "nodejs", options: { typescript: false } };
    await project("typescript", { runtime, main: "index.js" }, "index.js", code);
    await pulumi("typescript", "config", "set", "azure-native:location", "westeurope", "--stack", "dev");
    expect(await pulumi("typescript", "preview", ...stack)).toContain('GET /items/.*: "allowed"');
  });

  it("serves a program in Python, with an SDK that Pulumi generates", async () => {
    const plugin = join(folder, "node_modules", "aks-mesh", "plugin");
    const [program = ""] = codeOf("package.md", "py");
    await mkdir(join(folder, "sdk"));
    const executable = join(plugin, "pulumi-resource-aks-mesh");
    await pulumi("sdk", "package", "gen-sdk", executable, "--language", "python", "--out", ".");
    const pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target", sdk()];
    execFileSync(join(python, "python"), [...pip, join(folder, "sdk", "python")], { stdio: "pipe" });

    const plugins = { providers: [{ name: "aks-mesh", path: plugin }] };
    await project("python", { runtime: { name: "python" }, plugins }, "__main__.py", program);
    const printed = await pulumi("python", "up", "--yes", "--skip-preview", ...stack);
    expect(printed).toContain('GET /items/.*: "allowed"');
    const state = await pulumi("python", "stack", "export", "--stack", "dev");
    // Constructed by the plugin, with its own resources in place of dynamic ones, and in the cluster.
    expect(state).toContain("aks-mesh:index:AksCluster$azure-native:containerservice:ManagedCluster");
    expect(state).toContain("aks-mesh:index:OpenServiceMesh$aks-mesh:open-service-mesh/mesh-ready-provider:MeshReady");
    expect(state).toContain("aks-mesh:index:MeshPolicies$kubernetes:access.smi-spec.io/v1alpha3:TrafficTarget");
    expect(state).not.toContain("pulumi-nodejs:dynamic");
    // What a kubeconfig has in it.
    expect(state).not.toContain("client.authentication.k8s.io");

    await pulumi("python", "preview", "--expect-no-changes", ...stack);
    const wrong = program.replace('"routes": ["items/read"]}', '"routes": ["items/raed"]}');
    await writeFile(join(folder, "python", "__main__.py"), wrong);
    await expect(pulumi("python", "preview", ...stack)).rejects.toThrow("there is no route items/raed");
    await pulumi("python", "destroy", "--yes", "--skip-preview", ...stack);
  });
});
