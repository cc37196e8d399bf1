import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";

import { ensureAzureCli, signInAzureCli } from "../../../sandbox/arm/azure-cli";
import { type Command, week } from "../clients/azure-cli/commands";
import { startTestEmulator, type TestEmulator } from "./emulator";

/** How a command ended, as `run.py` writes it. */
interface Result {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

let directory: string;
let emulator: TestEmulator;
let results: readonly Result[];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "aks-mesh-az-"));
  emulator = await startTestEmulator();
  const cli = await ensureAzureCli((message) => process.stderr.write(`${message}\n`));
  const caFile = join(directory, "ca.pem");
  writeFileSync(caFile, emulator.ca);
  const signedIn = await signInAzureCli(cli, {
    url: emulator.url,
    caFile,
    identity: emulator.identity,
    configDirectory: join(directory, "azure"),
  });
  const file = join(directory, "results.jsonl");
  // --generate-ssh-keys writes below HOME.
  await run(cli.python, file, { ...signedIn, HOME: directory });
  results = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Result);
}, 1_800_000);

afterAll(async () => {
  await emulator.close();
  rmSync(directory, { recursive: true, force: true });
});

/** The words of a command, as a shell would split it. */
function words({ az, query }: Command): string[] {
  const filled = az
    .replaceAll("SUB", emulator.identity.subscriptionId)
    .replaceAll("APP", emulator.identity.clientId)
    .replaceAll("DIR", directory);
  const split = [...filled.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
  return query === undefined ? split : [...split, "--query", query, "--output", "json"];
}

function run(python: string, file: string, environment: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const program = join(__dirname, "../clients/azure-cli/run.py");
    const child = spawn(python, [program, file], { env: environment, stdio: ["pipe", "inherit", "inherit"] });
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`run.py ended with exit code ${code}.`))));
    child.stdin.end(JSON.stringify(week.map(words)));
  });
}

it.each(week.map((command, index) => ({ ...command, index })))("az $az", ({ index, fails, prints, gives }) => {
  const result = results[index];
  if (fails !== undefined) {
    expect(result?.code).not.toBe(0);
    expect(result?.errors).toMatch(fails);
    expect(result?.errors).not.toContain("Traceback");
    return;
  }
  expect(result, result?.errors).toMatchObject({ code: 0 });
  const output = result?.output.replaceAll(emulator.identity.subscriptionId, "SUB") ?? "";
  if (prints !== undefined) expect(output).toMatch(prints);
  if (gives !== undefined) expect(JSON.parse(output)).toEqual(gives);
});

it("az aks get-credentials writes kubeconfigs that kubectl reads", () => {
  expect(parse(readFileSync(join(directory, "main"), "utf8"))).toMatchObject({
    kind: "Config",
    clusters: [{ name: "main" }],
  });
});

it("nothing is left when the group is gone", () => {
  expect(emulator.backend.clusters.size).toBe(0);
});
