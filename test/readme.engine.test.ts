import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSandbox } from "../sandbox/sandbox";

const root = dirname(__dirname);

/** The commands in the `sh` blocks of a section of the README. */
async function commandsOf(section: string): Promise<string[]> {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const text = readme.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? "";
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block = ""]) => block.trim().split("\n"));
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
    for (const command of commands.slice(1, -1)) await runs(command);
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
});
