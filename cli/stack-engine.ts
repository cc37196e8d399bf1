import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseDocument } from "yaml";
import { recover } from "../recovery";
import { ifExists } from "../recovery/if-exists";
import { releaseStaleLocks } from "../recovery/stale-locks";
import { subscriptionOf } from "../recovery/subscription";
import { UsageError } from "./usage-error";

/** The Pulumi CLI, or what it worked on, said no; the message says why. */
export class EngineFailed extends Error {
  override readonly name: string = "EngineFailed";
}

/** How the Pulumi CLI ended. */
export interface Exit {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How the Pulumi CLI is run. */
export interface PulumiRun {
  /** Gets what it prints, line by line. */
  readonly say?: (line: string) => void;
  /** Beside this process's own environment. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** Runs the Pulumi CLI in the program's folder, which is the one that the command is run in. */
export function pulumi(args: readonly string[], { say, environment }: PulumiRun = {}): Promise<Exit> {
  return new Promise((resolve, reject) => {
    const child = spawn("pulumi", args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...environment },
    });
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      let rest = "";
      child[name].setEncoding("utf8").on("data", (text: string) => {
        texts[name] += text;
        if (say === undefined) return;
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) if (line.trim() !== "") say(line);
      });
    }
    child.on("error", () => reject(new UsageError("pulumi could not be started: is it on the PATH?")));
    child.on("close", (code) => resolve({ code: code ?? 1, ...texts }));
  });
}

/**
 * What the Pulumi CLI prints.
 *
 * @throws {EngineFailed} where it fails.
 */
export async function pulumiOutput(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await pulumi(args);
  if (code !== 0)
    throw new EngineFailed(`pulumi ${args.slice(0, 2).join(" ")} failed: ${stderr.trim() || stdout.trim()}`);
  return stdout;
}

/** A step that a preview intends, as far as it is read here. */
export interface PreviewStep<State> {
  readonly op: string;
  readonly urn: string;
  readonly newState?: State;
}

/**
 * What an update would do.
 *
 * @param State what is read of a resource's new state.
 * @returns its steps, or in the engine's words why it cannot be told.
 */
export async function previewStack<State = unknown>(
  args: readonly string[],
  run: PulumiRun = {},
): Promise<{ readonly steps: readonly PreviewStep<State>[] } | { readonly refused: string }> {
  const { code, stdout, stderr } = await pulumi(["preview", "--json", "--non-interactive", ...args], run);
  const report = parsedReport<State>(stdout);
  if (code === 0 && report !== undefined) return { steps: report.steps ?? [] };
  const errors = (report?.diagnostics ?? []).filter(({ severity }) => severity === "error");
  return { refused: errors.map(({ message }) => message.trim()).join("\n") || stderr.trim() || stdout.trim() };
}

function parsedReport<State>(text: string):
  | {
      readonly steps?: readonly PreviewStep<State>[];
      readonly diagnostics?: readonly { readonly severity: string; readonly message: string }[];
    }
  | undefined {
  try {
    return JSON.parse(text) as ReturnType<typeof parsedReport<State>>;
  } catch {
    return undefined;
  }
}

/** Name of this folder's project. @throws {UsageError} where there is none. */
export async function projectName(): Promise<string> {
  const definition = await ifExists(readFile("Pulumi.yaml", "utf8"));
  const project: unknown = definition === undefined ? undefined : parseDocument(definition).get("name");
  if (typeof project === "string") return project;
  throw new UsageError("There is no Pulumi.yaml with a name here: run the command in the program's folder.");
}

/** How long to wait for another engine that holds the stack's lock. */
const lockMinutes = 30;

/**
 * Takes up what a killed run left, then runs `pulumi up`.
 *
 * @throws {EngineFailed} where it does not come to its end.
 */
export async function upStack(
  project: string,
  name: string,
  { say, environment }: Required<Pick<PulumiRun, "say">> & PulumiRun,
): Promise<void> {
  const deadline = Date.now() + lockMinutes * 60_000;
  for (;;) {
    const state = backendFolder(process.env["PULUMI_BACKEND_URL"]);
    if (state !== undefined) await releaseStaleLocks(state, project, name, say);
    await recover({ pulumi, stack: name, subscriptionId: await subscriptionOf(name), report: say }).catch(
      (error: unknown) => {
        throw new EngineFailed(error instanceof Error ? error.message : String(error));
      },
    );
    const { code, stderr, stdout } = await pulumi(
      ["up", "--stack", name, "--yes", "--skip-preview", "--non-interactive", "--suppress-outputs"],
      { say, environment },
    );
    if (code === 0) return;
    const locked = /the stack is currently locked by/.test(stderr + stdout);
    if (!locked) throw new EngineFailed("pulumi up failed: its own words are above.");
    if (Date.now() > deadline) throw new EngineFailed(`Stack ${name} is locked by another run, which does not end.`);
    say("Another run has the stack: waiting …");
    await sleep(5_000);
  }
}

/** The folder of a `file://` backend, whose locks can be seen. */
function backendFolder(address: string | undefined): string | undefined {
  return address?.startsWith("file:///") === true ? fileURLToPath(address.replace(/\?.*$/, "")) : undefined;
}
