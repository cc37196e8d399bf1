import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { buildTool } from "../tools/build";
import { type ToolDefinition } from "../tools/definitions";
import { withLock } from "../tools/lock";

/** A request as `aks-mesh decide` reads it. */
export interface JudgeRequest {
  readonly from: string;
  readonly to: string;
  readonly protocol: "http" | "tcp";
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Objects and what is asked about them. */
export interface JudgeCase {
  readonly objects: readonly unknown[];
  readonly requests: readonly JudgeRequest[];
}

/** What the real Open Service Mesh does with one request. */
export interface JudgeVerdict {
  readonly outcome: string;
  readonly status: number | null;
  /** Null where the shares depend on which of two TrafficSplits counts. */
  readonly backends: Readonly<Record<string, number>> | null;
  readonly outcomes?: readonly string[];
  /** Every cause that alone makes the outcome vary. */
  readonly "varies-by"?: readonly string[];
  /** What the sidecars involved refuse of their configuration, and why. */
  readonly rejected?: readonly string[];
  /** The request cannot be judged: it names no Service of the objects, or these leave too much to chance. */
  readonly error?: string;
}

/** An answer to a case; an error where the objects cannot be read, or where OSM itself falls over them. */
export type JudgeAnswer = { readonly verdicts: readonly JudgeVerdict[] } | { readonly error: string };

/** The running judge. */
export interface Judge {
  /** Answers in the order of the cases. Several calls may be under way at once. */
  ask(cases: readonly JudgeCase[]): Promise<readonly JudgeAnswer[]>;
  /** Ends the process. */
  close(): Promise<void>;
}

const tool: ToolDefinition = {
  name: "judge",
  version: "1.2.4",
  packages: [".", "./data-plane"],
  linkerVariables: {},
  links: [],
  files: [],
  seconds: 120,
};

/**
 * Builds the judge unless it is in the cache.
 * @param report gets a line when something has to be built.
 * @returns folder of its executables, `judge` and `data-plane`.
 */
export async function ensureJudge(report: (message: string) => void): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([tool, process.platform, process.arch]));
  for (const file of (await readdir(__dirname, { recursive: true })).sort()) {
    if (/(\.go|go\.mod|go\.sum)$/.test(file) && !file.endsWith("_test.go")) {
      hash.update(file).update(await readFile(path.join(__dirname, file)));
    }
  }
  const cache = path.join(process.env["XDG_CACHE_HOME"] || path.join(os.homedir(), ".cache"), "aks-mesh", "tools");
  const directory = path.join(cache, `judge-${tool.version}-${hash.digest("hex").slice(0, 12)}`);
  if (!existsSync(directory)) {
    report(`Building the judge: Open Service Mesh ${tool.version} as a library (a minute or two the first time) …`);
    await mkdir(path.join(cache, "logs"), { recursive: true });
    await withLock(
      `${directory}.lock`,
      () => report("Another process is building the judge: waiting for it."),
      async () => {
        if (existsSync(directory)) return;
        await buildTool(tool, __dirname, directory, path.join(cache, "logs", "judge.log"));
      },
    );
  }
  return path.join(directory, "bin");
}

/** Starts the judge. It answers until it is closed. */
export async function openJudge(report: (message: string) => void): Promise<Judge> {
  return startJudge(path.join(await ensureJudge(report), "judge"), []);
}

/** Starts a program that answers cases line by line, as the judge does. */
export function startJudge(command: string, args: readonly string[]): Judge {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const waiting: { resolve: (answer: JudgeAnswer) => void; reject: (error: Error) => void }[] = [];
  const ended = new Promise<void>((resolve) => {
    child.on("close", (code, signal) => {
      for (const { reject } of waiting.splice(0)) {
        reject(new Error(`the judge ended early: ${signal ?? `exit code ${String(code)}`}`));
      }
      resolve();
    });
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    waiting.shift()?.resolve(JSON.parse(line) as JudgeAnswer);
  });
  return {
    ask: (cases) =>
      Promise.all(
        cases.map(
          (one) =>
            new Promise<JudgeAnswer>((resolve, reject) => {
              waiting.push({ resolve, reject });
              child.stdin.write(`${JSON.stringify(one)}\n`);
            }),
        ),
      ),
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
