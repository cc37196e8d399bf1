import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { armId } from "../../recovery/arm-ids";

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

const defaults = {
  location: "westeurope",
  owner: "team",
  registerFeature: "true",
  kubernetesVersion: "1.34",
  administrators: "[]",
  authorizedIpRanges: "[]",
  privateCluster: "false",
};

/** Runs the program of a stack; answers with what it registers, rejects with what it says when it fails. */
function runProgram(stack: string, settings: Record<string, string> = {}): Promise<Registered[]> {
  const config = Object.entries({ ...defaults, ...settings }).map(([key, value]) => [`aks-mesh:${key}`, value]);
  const script = join(__dirname, "run-program.ts");
  const args = ["--require", "tsx/cjs", script, stack, JSON.stringify(Object.fromEntries(config))];
  return new Promise((resolve, reject) => {
    // No test asks the Azure of whoever runs it.
    const env = { ...process.env, ARM_METADATA_HOSTNAME: "https://localhost:1" };
    execFile(process.execPath, args, { env, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      // The last line; those before it are what the program logs.
      if (error === null) resolve(JSON.parse(stdout.slice(stdout.lastIndexOf("\n") + 1)) as Registered[]);
      else reject(new Error(stderr));
    });
  });
}

const cluster = (registered: Registered[]) =>
  registered.find(({ type }) => type === "azure-native:containerservice:ManagedCluster")?.inputs ?? {};

describe("the program", { timeout: 600_000 }, () => {
  it.each([
    ["dev", "Free"],
    ["staging", "Standard"],
    ["prod", "Standard"],
  ])("%s has the tier %s and the mesh in its profile", async (stack, tier) => {
    expect(cluster(await runProgram(stack, { owner: "blue" }))).toMatchObject({
      resourceName: `aks-mesh-${stack}`,
      sku: { tier },
      disableLocalAccounts: true,
      addonProfiles: { openServiceMesh: { enabled: true, config: {} } },
      tags: { stack, owner: "blue" },
    });
  });

  it("plans the same as another identity where it is told who deploys", async () => {
    const deployerObjectId = "11111111-2222-3333-4444-555555555555";
    const registered = await runProgram("dev", { deployerObjectId });
    const assignments = registered.filter(({ type }) => type === "azure-native:authorization:RoleAssignment");
    expect(assignments.map(({ inputs }) => [inputs["principalId"], inputs["principalType"]])).toContainEqual([
      deployerObjectId,
      "ServicePrincipal",
    ]);
    expect(JSON.stringify(registered)).not.toContain("00000000beef");
  });

  it("makes only resources that recovery can look up by their inputs", async () => {
    const registered = (await runProgram("prod")).filter(({ type }) => type.startsWith("azure-native:"));
    expect(registered.length).toBeGreaterThan(8);
    for (const { type, inputs } of registered) expect(armId(type, inputs, "subscription"), type).toBeDefined();
  });

  it("refuses a stack that nobody defined, and says which there are", async () => {
    await expect(runProgram("qa")).rejects.toThrow(/No definition for the stack "qa".*dev, staging, prod/);
  });

  it("refuses settings that nothing reads, with what was probably meant", async () => {
    await expect(runProgram("dev", { kuberntesVersion: "1.36" })).rejects.toThrow(
      /aks-mesh:kuberntesVersion is no setting\. Did you mean kubernetesVersion\?.*pulumi config rm kuberntesVersion/,
    );
  });

  it("refuses a login that kubelogin does not know", async () => {
    await expect(runProgram("dev", { kubeconfigLogin: "password" })).rejects.toThrow(
      /kubeconfigLogin is "password".*azurecli/,
    );
  });
});
