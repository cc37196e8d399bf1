import { cp, symlink, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rules } from "../../policy-pack/rules";
import { operate, pulumi, type Sandbox } from "../../sandbox/sandbox";
import { closeTestSandbox, openTestSandbox } from "../sandbox/in-sandbox";

const repository = join(__dirname, "..", "..");
const pack = ["--policy-pack", join(repository, "policy-pack")];

let sandbox: Sandbox;
let foreign: string;

beforeAll(async () => {
  sandbox = await openTestSandbox();
  foreign = join(sandbox.paths.directory, "foreign");
  await cp(join(__dirname, "foreign"), foreign, { recursive: true });
  await symlink(join(repository, "node_modules"), join(foreign, "node_modules"));
  const made = await pulumi(sandbox, ["stack", "init", "dev"], "capture", foreign);
  expect(made.code, made.stderr).toBe(0);
});
afterAll(() => closeTestSandbox(sandbox));

/** A preview of the program that knows nothing of aks-mesh. */
async function preview(...flags: string[]) {
  const args = ["preview", "--stack", "dev", "--non-interactive", ...pack, ...flags];
  const { code, stdout, stderr } = await pulumi(sandbox, args, "capture", foreign);
  return { code, printed: stdout + stderr };
}

/** The violations that the engine prints: their levels by policy and resource. */
function violations(printed: string): ReadonlyMap<string, string> {
  const lines = printed.matchAll(/^ +- \[(\w+)\] +(\S+) +\(\S+ (\S+)\)$/gm);
  return new Map([...lines].map(([, level = "", policy = "", on = ""]) => [`${policy} ${on}`, level]));
}

/** Names of the rules that do not hold for stack dev, as docs/aks-baseline.md has it. */
function notForDev(): readonly string[] {
  const page = readFileSync(join(repository, "docs", "aks-baseline.md"), "utf8");
  return [...page.matchAll(/^\| (\d+) .*\| no +\| \w+ +\|$/gm)].map(
    ([, number]) => rules[Number(number) - 1]?.name ?? "",
  );
}

describe.sequential("`pulumi preview --policy-pack`", () => {
  it("looks at any program with AKS in it, and fails where what is mandatory does not hold", async () => {
    const { code, printed } = await preview();
    expect(code, printed).not.toBe(0);
    const found = violations(printed);
    expect([...found].filter(([, level]) => level === "mandatory").map(([key]) => key)).toEqual([
      "aks-entra-id shop",
      "aks-local-accounts-off shop",
      "aks-network-policy shop",
      "mesh-errors web-to-api",
    ]);
    expect([...found.keys()]).toEqual(
      expect.arrayContaining(["aks-three-zones shop", "aks-three-zones work", "aks-system-nodes shop"]),
    );
    expect(printed).toContain(
      "`disableLocalAccounts` is not set. Write `disableLocalAccounts: true`; everybody then comes in by Entra ID. (AZR-000031,",
    );
    expect(printed).toMatch(/There is no HTTPRouteGroup shop\/items: the rule opens nothing\.\n +remedy +Add the/);
    // The subnet's size is known before its id, and the id of the disk encryption set is not.
    expect(printed).toContain("The subnet nodes is 10.0.1.0/24.");
    expect(printed).toContain("`diskEncryptionSetID` is not known in this preview: `pulumi up` decides.");
    expect([...found.keys()]).not.toContain("aks-disk-encryption-set shop");
  });

  it("takes levels and values from a file", async () => {
    const file = join(sandbox.paths.directory, "policies.json");
    const levels = {
      all: "advisory",
      "aks-three-zones": "disabled",
      "aks-kubernetes-version": { minimum: "1.35" },
      "aks-cluster-naming": { enforcementLevel: "advisory", format: "^aks-" },
    };
    await writeFile(file, JSON.stringify(levels));
    const { code, printed } = await preview("--policy-pack-config", file);
    expect(code, printed).toBe(0);
    const found = violations(printed);
    expect([...new Set(found.values())]).toEqual(["advisory"]);
    expect(printed).toContain('`kubernetesVersion` is "1.34", and the oldest that passes is 1.35.');
    expect(printed).toContain('`resourceName` is "shop", which does not match ^aks-.');
    expect(found.get("aks-local-accounts-off shop")).toBe("advisory");
    expect(found.has("aks-three-zones shop")).toBe(false);
  });

  it("says of this repository's stack dev what the baseline's table says, and nothing of its mesh", async () => {
    const { code, stdout, stderr } = await operate(sandbox, "preview", "dev", pack);
    expect(code, stdout + stderr).toBe(0);
    const policies = new Set([...violations(stdout).keys()].map((key) => key.split(" ")[0]));
    expect([...policies].sort()).toEqual([...notForDev(), "aks-not-decided"].sort());
  });
});
