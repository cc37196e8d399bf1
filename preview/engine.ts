import { execFile } from "node:child_process";
import { homedir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  type CommandError,
  ConcurrentUpdateError,
  LocalWorkspace,
  Stack,
  StackNotFoundError,
} from "@pulumi/pulumi/automation";
import { parse } from "yaml";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { recover } from "../recovery";
import { ifExists } from "../recovery/if-exists";
import { releaseStaleLocks } from "../recovery/stale-locks";
import { tryMachineLock } from "./machine-lock";
import { PreviewProblem } from "./problem";
import { openProject, type Project } from "./project";
import { type EngineError, shownErrors } from "./provider-output";
import { withoutSecrets } from "./published-settings";
import { commonSettingsFile } from "./settings";

/** What every command of the previews works with. */
export interface Surroundings {
  /** The checkout whose program is deployed. */
  readonly program: string;
  /** Name of the Pulumi project. */
  readonly project: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Values that nobody may read in what the command says or writes. Whatever learns one adds it. */
  readonly secrets: Set<string>;
  /** Tells a person what is going on. */
  readonly say: (message: string) => void;
  /** Aborted when the person or the machine wants the command to end: nothing new is begun then. */
  readonly signal: AbortSignal;
  /** Aborted where the engine has to be told so too: it finishes the steps in flight. On a terminal Ctrl-C reaches it by itself. */
  readonly engineSignal: AbortSignal;
  /** How long to wait for whoever works on the same stack, in milliseconds. */
  readonly lockTimeout: number;
  /** Whoever holds a stack's lock is known to be gone, so that the lock may be broken. */
  readonly takeOver: boolean;
}

/** What the engine on a project works with. */
export type EngineSurroundings = Pick<Surroundings, "environment" | "say" | "engineSignal">;

/** Pulumi's engine on a project. */
export interface ProjectEngine {
  readonly surroundings: EngineSurroundings;
  readonly workspace: LocalWorkspace;
  /**
   * Runs the CLI for what the Automation API has no call for.
   *
   * @param input what it reads from its standard input. Default: nothing.
   */
  pulumi(args: readonly string[], input?: string): Promise<{ code: number; stdout: string; stderr: string }>;
}

/** Pulumi's engine on the previews' project. */
export interface Engine extends ProjectEngine {
  readonly surroundings: Surroundings;
  /** The engine on what is published of the stacks that previews share, where their states are elsewhere. */
  readonly published?: Engine;
  readonly projectDirectory: Project;
  close(): Promise<void>;
}

/** Names of variables that are for this command alone: the program is the pull request's code. */
const withheld = ["GITHUB_TOKEN", "GH_TOKEN", "AKS_MESH_GITHUB_TOKEN"];

/**
 * What a person is told of an engine that failed: what it said in its events, or else its last words; of both what may be shown. Where no
 * workflow runs, somebody sits at the machine: what is left out is said there.
 */
export function engineErrors(
  { environment, say }: Pick<Surroundings, "environment" | "say">,
  said: readonly EngineError[],
  error: CommandError,
): string {
  const lines = [...error.message.matchAll(/^error: (.+)$/gm)].map(([, line = ""]) => line);
  const last = [...new Set(lines.length > 0 ? lines : [error.message])].map((message) => ({ message }));
  const all = said.length > 0 ? said : last;
  const { text, cut } = shownErrors(all, said.length === 0);
  if (cut && !environment["CI"]) say(all.map(({ message }) => message).join("\n\n"));
  return text;
}

/** The variable with the address of the backend that has what is published of the stacks that previews share. */
export const publishedBackend = "AKS_MESH_BASE_BACKEND_URL";

/** Opens the engine for one command. */
export async function openEngine(surroundings: Surroundings, base: string): Promise<Engine> {
  const { program, environment } = surroundings;
  const own = await openOn(surroundings, await openProject(program), await secretsProviderOf(program, base));
  const address = environment[publishedBackend];
  if (!address) return own;
  // Nothing in there is secret, so that a passphrase that everybody knows does.
  const variables = { PULUMI_BACKEND_URL: address, PULUMI_CONFIG_PASSPHRASE: "", PULUMI_CONFIG_PASSPHRASE_FILE: "" };
  const published = await openOn(surroundings, await openProject(program, withoutSecrets), "passphrase", variables);
  return {
    ...own,
    published,
    close: async () => {
      await published.close();
      await own.close();
    },
  };
}

/** The engine that knows the stacks which previews share. */
export function baseOf(engine: Engine): Engine {
  return engine.published ?? engine;
}

async function openOn(
  surroundings: Surroundings,
  projectDirectory: Project,
  secretsProvider: string | undefined,
  others: Readonly<Record<string, string>> = {},
): Promise<Engine> {
  try {
    const engine = await engineIn(surroundings, projectDirectory.directory, secretsProvider, others);
    return { ...engine, surroundings, projectDirectory, close: () => projectDirectory.close() };
  } catch (error) {
    await projectDirectory.close();
    throw error;
  }
}

/**
 * The engine on the project of a directory.
 *
 * @param secretsProvider of stacks that are made. Default: the backend's own.
 * @param others variables besides those of the surroundings.
 */
export async function engineIn(
  surroundings: EngineSurroundings,
  directory: string,
  secretsProvider?: string,
  others: Readonly<Record<string, string>> = {},
): Promise<ProjectEngine> {
  const { environment } = surroundings;
  const variables: Record<string, string> = {
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // A fresh checkout has no salt for the stack's secrets; its state has.
    PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: "true",
    ...Object.fromEntries(withheld.map((name) => [name, ""])),
    ...others,
  };
  const workspace = await LocalWorkspace.create({
    workDir: directory,
    envVars: variables,
    ...(secretsProvider !== undefined && { secretsProvider }),
  });
  return {
    surroundings,
    workspace,
    pulumi: (args, input) =>
      new Promise((resolve, reject) => {
        const options = { cwd: directory, env: { ...environment, ...variables }, maxBuffer: 1 << 30 };
        const child = execFile("pulumi", [...args, "--non-interactive"], options, (error, stdout, stderr) => {
          if (error !== null && typeof error.code !== "number") reject(error);
          else resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
        });
        // An engine that a signal has ended reads no more, which its own end tells.
        child.stdin?.on("error", () => undefined).end(input ?? "");
      }),
  };
}

/** The secrets provider that the previews' settings name, or else that of the stack that they go with; undefined for the backend's own. */
async function secretsProviderOf(program: string, base: string): Promise<string | undefined> {
  for (const file of [commonSettingsFile, `Pulumi.${base}.yaml`]) {
    const text = await ifExists(readFile(join(program, file), "utf8"));
    const settings = text === undefined ? null : (parse(text) as { secretsprovider?: unknown } | null);
    if (typeof settings?.secretsprovider === "string") return settings.secretsprovider;
  }
  return undefined;
}

/** A stack that exists; undefined where there is none of that name. */
export async function findStack(
  { workspace }: Pick<ProjectEngine, "workspace">,
  name: string,
): Promise<Stack | undefined> {
  try {
    return await Stack.select(name, workspace);
  } catch (error) {
    if (error instanceof StackNotFoundError) return undefined;
    throw error;
  }
}

/**
 * Does something with a stack that nobody else works on at the same time: no other process of this machine, and no engine
 * elsewhere, as far as the backend's own lock tells. Waits for them as long as the person said.
 *
 * @param what the command, for others who want the stack.
 * @throws {PreviewProblem} that says who holds it.
 */
export async function alone<T>(
  engine: Engine,
  stack: string,
  what: string,
  work: (whenFree: WhenFree) => Promise<T>,
): Promise<T> {
  const { environment, project, say, signal, lockTimeout } = engine.surroundings;
  const deadline = Date.now() + lockTimeout;
  const name = [environment["PULUMI_BACKEND_URL"] ?? "", project, stack].join("\n");
  const holder = `\`${what}\` (process ${process.pid}, since ${new Date().toISOString()})`;
  const state = await backendDirectory(engine);
  let said = false;
  for (;;) {
    const lock = await tryMachineLock(name, holder);
    if (typeof lock !== "string") {
      try {
        return await work((attempt) => whenFree(engine, stack, state, deadline, attempt));
      } finally {
        await lock.release();
      }
    }
    if (Date.now() > deadline) {
      throw new PreviewProblem(`Stack ${stack} is in the hands of ${lock}. Run the same command again later.`);
    }
    if (!said) say(`Stack ${stack} is in the hands of ${lock}: waiting …`);
    said = true;
    await sleep(500, undefined, { signal });
  }
}

const isLocked = (error: Error): boolean =>
  error instanceof ConcurrentUpdateError || error.message.includes("the stack is currently locked by");

/**
 * Tries something until no other engine holds the stack's lock in the backend. Locks of dead engines of this machine are
 * removed, where the backend is one whose locks can be seen.
 */
export type WhenFree = <T>(attempt: () => Promise<T>) => Promise<T>;

/** @param state directory of the backend, where it is one on this machine. */
async function whenFree<T>(
  engine: Engine,
  stack: string,
  state: string | undefined,
  deadline: number,
  attempt: () => Promise<T>,
): Promise<T> {
  const { project, say, signal, takeOver } = engine.surroundings;
  let [said, broken] = [false, false];
  for (;;) {
    // An engine may die while we wait for it.
    if (state !== undefined) await releaseStaleLocks(state, project, stack, say);
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Error) || !isLocked(error)) throw error;
      const [, who = "somebody", since = "a while"] = /created by (.+?) at (\S+)/.exec(error.message) ?? [];
      if (takeOver && !broken) {
        say(`Breaking the lock of ${who} since ${since} on stack ${stack} …`);
        await engine.pulumi(["cancel", "--yes", "--stack", stack]);
        broken = true;
        continue;
      }
      if (Date.now() > deadline) {
        throw new PreviewProblem(
          `Stack ${stack} is locked by ${who} since ${since}. If that run is gone, run the same command with --take-over.`,
        );
      }
      if (!said) say(`Stack ${stack} is locked by ${who} since ${since}: waiting …`);
      said = true;
      await sleep(2_000, undefined, { signal });
    }
  }
}

/** Takes up the operations that were under way when an earlier run was killed. */
export async function takeUp(engine: Engine, stack: Stack, whenFree: WhenFree): Promise<void> {
  const { environment, say } = engine.surroundings;
  await whenFree(() =>
    recover({
      pulumi: engine.pulumi,
      stack: stack.name,
      subscriptionId: environment["ARM_SUBSCRIPTION_ID"] ?? "",
      report: say,
    }),
  );
}

/** The directory of a `file://` backend; undefined for any other. */
async function backendDirectory({ workspace, surroundings }: Engine): Promise<string | undefined> {
  const address = surroundings.environment["PULUMI_BACKEND_URL"] ?? (await workspace.whoAmI()).url ?? "";
  if (!address.startsWith("file://")) return undefined;
  return address.startsWith("file://~") ? join(homedir(), address.slice("file://~".length)) : fileURLToPath(address);
}
