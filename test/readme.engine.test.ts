import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSandbox } from "../sandbox/sandbox";

const root = dirname(__dirname);

/** The code in the blocks of a language in a section of a document. */
async function blocksOf(document: string, section: string, language: string): Promise<string[]> {
  const text = await readFile(join(root, document), "utf8");
  const part = text.split(/^## /m).find((one) => one.startsWith(`${section}\n`)) ?? "";
  return [...part.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].flatMap(([, of, block = ""]) =>
    of === language ? [block] : [],
  );
}

/** The commands in the `sh` blocks of a section, of the README unless another document is named. */
async function commandsOf(section: string, document = "README.md"): Promise<string[]> {
  return (await blocksOf(document, section, "sh")).flatMap((block) => block.trim().split("\n"));
}

let checkout: string;

async function runs(command: string, environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const child = spawn("bash", ["-c", command], { cwd: checkout, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  expect(code, `${command}\n${printed}`).toBe(0);
  return printed;
}

beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), "aks-mesh-readme-"));
  const files = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" }).split("\0").filter(Boolean);
  for (const file of files) {
    await mkdir(dirname(join(checkout, file)), { recursive: true });
    await copyFile(join(root, file), join(checkout, file));
  }
  // What `npm ci` would install again.
  await symlink(join(root, "node_modules"), join(checkout, "node_modules"));
});
afterAll(async () => {
  await runs("npm run sandbox -- reset");
  await rm(checkout, { recursive: true });
});

describe.sequential("the README's commands", () => {
  it("work as they stand, in a new checkout", async () => {
    const commands = await commandsOf("Try it");
    expect(commands[0]).toBe("npm run sandbox");
    expect(commands.at(-1)).toBe("npm test");
    expect(await readFile(join(root, ".ci", "run"), "utf8")).toContain("\nnpm test\n");
    const printed = await runs("npm run sandbox");
    expect(printed).toContain("Who may call whom");
    for (const command of commands.slice(1, -1)) {
      const said = await runs(command);
      if (command.endsWith("-- up")) expect(said).toMatch(/The fault throttle struck .*The program came through/);
    }
    expect(execFileSync("git", ["status", "--porcelain"], { cwd: root, encoding: "utf8" })).not.toContain(
      "Pulumi.dev.yaml",
    );
  });

  it("work on Azure, for which the sandbox stands: Pulumi itself, in the checkout itself", async () => {
    const sandbox = await openSandbox(() => undefined, { directory: join(checkout, ".sandbox") });
    const environment = {
      ...sandbox.environment,
      PULUMI_BACKEND_URL: `file://${await mkdtemp(join(checkout, "state-"))}`,
    };
    const [install, ...commands] = await commandsOf("On Azure");
    expect(install).toBe("npm ci");
    expect(commands.at(-1)).toBe("pulumi up");
    for (const command of commands)
      await runs(command === "pulumi up" ? "pulumi up --yes --skip-preview" : command, environment);
    await runs("pulumi destroy --yes --skip-preview", environment);
  });

  it("put another application in the place of the sample, by docs/your-application.md and in stacks/ alone", async () => {
    const document = "docs/your-application.md";
    const code = async (section: string) => (await blocksOf(document, section, "ts"))[0] ?? expect.fail(section);
    const edit = async (file: string, change: (text: string) => string) => {
      const before = await readFile(join(checkout, file), "utf8");
      const after = change(before);
      expect(after, file).not.toBe(before);
      await writeFile(join(checkout, file), after);
    };
    for (const command of await commandsOf("1. Begin", document)) await runs(command);
    const rules = await code("2. Say who may call whom");
    await edit("stacks/orders/policy.ts", (text) =>
      text.replace(/ {2}routes: \{\},[\s\S]* {2}access: \[\],\n/, () => rules),
    );
    const promises = await code("3. Say what must never break");
    await edit("stacks/orders/index.ts", (text) => text.replace("  guarantees: [],\n", () => promises));
    const dev = await code("4. Let a stack run it");
    await edit("stacks/dev.ts", () => dev);
    // With a memory of its own: that of this checkout is in the packages that both have.
    const types = "npx tsc -p tsconfig.check.json --tsBuildInfoFile dist/readme.tsbuildinfo";
    await runs(types);
    const [up = "", ...looks] = await commandsOf("4. Let a stack run it", document);
    const shown = await runs(up);
    expect(shown).toMatch(/shop\/web +shop\/orders:8080 +GET \/orders\n/);
    expect(shown).not.toContain("bookstore");
    for (const look of looks) expect(await runs(look)).toMatch(/orders-\S+ +(\d)\/\1 +Running/);
    const [previewUp = "", previewDown = ""] = await commandsOf("5. Preview a pull request", document);
    await runs(previewUp);
    const pods = await runs("npm run sandbox -- kubectl get pods --namespace pr-12-shop --output=yaml");
    expect(pods).toContain("value: database.pr-12-shop-data:5432");
    await runs(previewDown);
    // A caller that there is not is said with its place, before anything is made.
    await edit("stacks/orders/policy.ts", (text) => text.replace('from: "web"', 'from: "wbe"'));
    await expect(runs(types)).rejects.toThrow(/policy\.ts.*"wbe"/);
    await edit("stacks/orders/policy.ts", (text) => text.replace('from: "wbe"', 'from: "web"'));
    await edit("stacks/orders/policy.ts", (text) =>
      text.replace('from: "orders", to: "database"', 'from: "pricing", to: "database"'),
    );
    await expect(runs("npm run sandbox -- preview")).rejects.toThrow(
      /only orders reaches the database[\s\S]*shop\/pricing/,
    );
    await runs("npm run sandbox -- destroy");
  });
});
