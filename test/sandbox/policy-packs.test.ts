import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { sandboxPaths } from "../../sandbox/paths";
import { withPolicyPacks } from "../../sandbox/policy-packs";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "aks-mesh-packs-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Makes a policy pack with a definition. */
async function pack(name: string, definition: string): Promise<string> {
  await mkdir(join(folder, name));
  await writeFile(join(folder, name, "PulumiPolicy.yaml"), definition);
  return join(folder, name);
}

describe("policy packs in the sandbox", () => {
  const paths = () => sandboxPaths(join(folder, "sandbox"));

  it("in Node.js are run by a plugin that knows where they are, however the flag is written", async () => {
    for (const [name, runtime] of Object.entries({
      short: "nodejs",
      long: "{ name: nodejs, options: { typescript: false } }",
    })) {
      const own = await pack(name, `description: A pack.\nruntime: ${runtime}\n`);
      const [, standIn = ""] = await withPolicyPacks(paths(), ["--policy-pack", own, "--diff"]);
      expect(await withPolicyPacks(paths(), ["preview", `--policy-pack=${own}`])).toEqual([
        "preview",
        "--policy-pack",
        standIn,
      ]);
      expect(parse(await readFile(join(standIn, "PulumiPolicy.yaml"), "utf8"))).toEqual({
        description: "A pack.",
        runtime: { name: "sandbox-nodejs", options: { folder: own } },
      });
    }
    const plugin = join(paths().pulumiHome, "plugins", "analyzer-policy-sandbox-nodejs-v1.0.0");
    expect((await stat(join(plugin, "pulumi-analyzer-policy-sandbox-nodejs"))).mode & 0o111).not.toBe(0);
  });

  it("in other languages, and folders that are none, are left to the engine", async () => {
    const python = await pack("python", "runtime: python\n");
    const none = join(folder, "none");
    const args = ["preview", "--policy-pack", python, "--policy-pack", none, "--policy-pack-config", "policies.json"];
    expect(await withPolicyPacks(paths(), args)).toEqual(args.with(-1, resolve("policies.json")));
  });
});
