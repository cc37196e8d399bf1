import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

import { ensureAzureCli, signInAzureCli } from "../../../sandbox/arm/azure-cli";
import { type Json } from "../../../sandbox/arm/json";
import { type TestEmulator } from "./emulator";

/** An azure-cli that stays in memory, signed in at an emulator. */
export interface AzureCliSession {
  /** A folder for files that commands read or write; removed at the end. */
  readonly directory: string;
  /**
   * Runs one command. Words with spaces stand in single quotes. Returns its JSON output, or null where there is none.
   *
   * @throws Error with azure-cli's error output.
   */
  az(line: string): Promise<Json>;
  close(): Promise<void>;
}

/** Starts azure-cli and signs in at the emulator. */
export async function openAzureCliSession(emulator: TestEmulator): Promise<AzureCliSession> {
  const directory = mkdtempSync(join(tmpdir(), "aks-mesh-az-"));
  const cli = await ensureAzureCli(() => undefined);
  const caFile = join(directory, "ca.pem");
  writeFileSync(caFile, emulator.ca);
  const { url, identity } = emulator;
  const environment = await signInAzureCli(cli, {
    url,
    caFile,
    identity,
    configDirectory: join(directory, "azure"),
  });
  const child = spawn(join(dirname(cli.path), "python"), [join(__dirname, "azure-cli-session.py")], {
    env: { ...environment, HOME: directory, AZURE_CORE_OUTPUT: "json", AZURE_CORE_DISABLE_PROGRESS_BAR: "true" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  return {
    directory,
    async az(line) {
      child.stdin.write(`${JSON.stringify(wordsOf(line))}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error(`azure-cli ended during: az ${line}`);
      const answer: { code: number; output: string; errors: string } = JSON.parse(value);
      if (answer.code !== 0) throw new Error(`az ${line}: exit code ${answer.code}: ${answer.errors}`);
      return answer.output.trim() === "" ? null : JSON.parse(answer.output);
    },
    async close() {
      child.stdin.end();
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ""));
}
