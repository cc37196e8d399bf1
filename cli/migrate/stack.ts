import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { parseDocument } from "yaml";
import { anyRevision } from "../../mesh/convert";
import { isJsonObject, type KubernetesObject } from "../../mesh/manifests";
import { recover } from "../../recovery";
import { ifExists } from "../../recovery/if-exists";
import { releaseStaleLocks } from "../../recovery/stale-locks";
import { subscriptionOf } from "../../recovery/subscription";
import { UsageError } from "../usage-error";
import { type Target } from "./plan";
import { type Position, type Step } from "./steps";

/** A step did not come to its end; the message says why, and running the same command again goes on with it. */
export class StepFailed extends Error {
  override readonly name = "StepFailed";
}

/** The stack, by the Pulumi CLI in the project's folder, which is the one that the command is run in. */
export interface MigratedStack {
  readonly name: string;
  position(): Promise<Position>;
  /** Whether the last `pulumi up` that came to its end had the settings of a position: one that was killed leaves no entry. */
  settled(position: Position): Promise<boolean>;
  /** What the program made, as `Kind namespace/name` or `Kind name`. */
  owned(): Promise<ReadonlySet<string>>;
  /** The cluster's kubeconfig; undefined where there is no cluster yet. Kept in memory alone. */
  kubeconfig(): Promise<string | undefined>;
  /** What the program's policies will be on Istio. Changes nothing. */
  target(): Promise<Target>;
  /** Writes settings. */
  set(settings: NonNullable<Step["settings"]>): Promise<void>;
  /** Takes up what a killed run left, then runs `pulumi up`. */
  up(): Promise<void>;
}

/** How a command ended. */
interface Exit {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How long to wait for another engine that holds the stack's lock. */
const lockMinutes = 30;

/** Opens the stack of this folder's project. */
export async function openStack(name: string, say: (line: string) => void): Promise<MigratedStack> {
  const definition = await ifExists(readFile("Pulumi.yaml", "utf8"));
  const project: unknown = definition === undefined ? undefined : parseDocument(definition).get("name");
  if (typeof project !== "string") {
    throw new UsageError("There is no Pulumi.yaml with a name here: run the command in the program's folder.");
  }
  const key = (setting: string): string => `${project}:${setting}`;

  async function must(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await pulumi(args);
    if (code !== 0)
      throw new StepFailed(`pulumi ${args.slice(0, 2).join(" ")} failed: ${stderr.trim() || stdout.trim()}`);
    return stdout;
  }
  async function resources(): Promise<readonly Stored[]> {
    const { deployment } = JSON.parse(await must(["stack", "export", "--stack", name])) as {
      deployment: { resources?: readonly Stored[] };
    };
    return deployment.resources ?? [];
  }
  return {
    name,
    async settled({ mesh, meshMigration }) {
      const text = await must(["stack", "history", "--json", "--page-size", "20", "--stack", name]);
      const last = (JSON.parse(text) as readonly HistoryEntry[]).find(({ kind }) => kind === "update");
      const of = (setting: string): string | undefined => last?.config?.[key(setting)]?.value || undefined;
      const same = (of("mesh") ?? "osm") === (mesh ?? "osm") && of("meshMigration") === meshMigration;
      return last?.result === "succeeded" && same;
    },
    async position() {
      const { code, stdout, stderr } = await pulumi(["config", "--json", "--stack", name]);
      if (code !== 0) throw new UsageError(`Stack ${name} cannot be read: ${stderr.trim()}`);
      const config = JSON.parse(stdout) as Readonly<Record<string, { readonly value?: string } | undefined>>;
      const of = (setting: string): string | undefined => config[key(setting)]?.value || undefined;
      return { mesh: of("mesh"), meshMigration: of("meshMigration") };
    },
    async owned() {
      return new Set((await resources()).flatMap(({ type, inputs }) => objectName(type, inputs) ?? []));
    },
    async kubeconfig() {
      const { code, stdout } = await pulumi(["stack", "output", "kubeconfig", "--show-secrets", "--stack", name]);
      return code === 0 && stdout.trim() !== "" ? stdout : undefined;
    },
    async target() {
      const settings = await ifExists(readFile(`Pulumi.${name}.yaml`, "utf8"));
      const document = parseDocument(settings ?? "{}");
      document.setIn(["config", key("mesh")], "istio");
      document.setIn(["config", key("meshMigration")], "planned");
      document.setIn(["config", key("meshRevisions")], [anyRevision]);
      const folder = await mkdtemp(join(tmpdir(), "aks-mesh-migrate-"));
      try {
        const file = join(folder, `Pulumi.${name}.yaml`);
        await writeFile(file, document.toString(), { mode: 0o600 });
        return targetOf(
          await pulumi(["preview", "--json", "--non-interactive", "--stack", name, "--config-file", file]),
        );
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    async set(settings) {
      const given = Object.entries(settings).filter((one): one is [string, string] => one[1] !== undefined);
      // One command writes the file once: a kill leaves the old settings or the new ones.
      await must(["config", "set-all", "--stack", name, ...given.flatMap((one) => ["--plaintext", one.join("=")])]);
      for (const [setting, value] of Object.entries(settings)) {
        if (value === undefined) await must(["config", "rm", setting, "--stack", name]);
      }
    },
    async up() {
      const deadline = Date.now() + lockMinutes * 60_000;
      for (;;) {
        const state = backendFolder(process.env["PULUMI_BACKEND_URL"]);
        if (state !== undefined) await releaseStaleLocks(state, project, name, say);
        await recover({ pulumi, stack: name, subscriptionId: await subscriptionOf(name), report: say }).catch(
          (error: unknown) => {
            throw new StepFailed(error instanceof Error ? error.message : String(error));
          },
        );
        const { code, stderr, stdout } = await pulumi(
          ["up", "--stack", name, "--yes", "--skip-preview", "--non-interactive", "--suppress-outputs"],
          say,
        );
        if (code === 0) return;
        const locked = /the stack is currently locked by/.test(stderr + stdout);
        if (!locked) throw new StepFailed("pulumi up failed: its own words are above.");
        if (Date.now() > deadline) throw new StepFailed(`Stack ${name} is locked by another run, which does not end.`);
        say("Another run has the stack: waiting …");
        await sleep(5_000);
      }
    },
  };
}

/** An update as `pulumi stack history --json` tells of it, the newest first. */
interface HistoryEntry {
  readonly kind: string;
  readonly result: string;
  readonly config?: Readonly<Record<string, { readonly value?: string } | undefined>>;
}

/** A resource as the engine's state, or a preview, has it. */
interface Stored {
  readonly type: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

function objectName(type: string, { kind, metadata }: Readonly<Record<string, unknown>> = {}): string | undefined {
  // A patch adds fields to what is somebody else's.
  if (!type.startsWith("kubernetes:") || type.endsWith("Patch") || typeof kind !== "string") return undefined;
  if (!isJsonObject(metadata) || typeof metadata["name"] !== "string") return undefined;
  const { namespace } = metadata;
  return `${kind} ${typeof namespace === "string" ? `${namespace}/` : ""}${metadata["name"]}`;
}

/** Istio's objects, and the mesh's settings, of what a preview would make. */
function targetOf({ code, stdout, stderr }: Exit): Target {
  const preview = parsed(stdout);
  if (code !== 0) {
    const { diagnostics = [] } = preview ?? {};
    const errors = diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message.trim());
    const words = errors.length > 0 ? errors.join("\n") : stderr.trim() || stdout.trim();
    return { refused: `The program cannot be what it is on Istio: ${words}` };
  }
  return {
    objects: (preview?.steps ?? []).flatMap(({ newState }) => (newState === undefined ? [] : ofIstio(newState))),
  };
}

function parsed(text: string):
  | {
      readonly steps?: readonly { readonly newState?: Stored }[];
      readonly diagnostics?: readonly { readonly severity: string; readonly message: string }[];
    }
  | undefined {
  try {
    return JSON.parse(text) as ReturnType<typeof parsed>;
  } catch {
    return undefined;
  }
}

function ofIstio({ inputs = {} }: Stored): readonly KubernetesObject[] {
  const { apiVersion, kind, metadata } = inputs;
  if (typeof apiVersion !== "string" || typeof kind !== "string" || !isJsonObject(metadata)) return [];
  const { name, namespace } = metadata;
  if (typeof name !== "string" || typeof namespace !== "string") return [];
  const settings = kind === "ConfigMap" && namespace === "aks-istio-system";
  if (!settings && !/\.istio\.io\//.test(apiVersion)) return [];
  return [{ ...inputs, apiVersion, kind, metadata: { ...metadata, name, namespace } }];
}

/** The folder of a `file://` backend, whose locks can be seen. */
function backendFolder(address: string | undefined): string | undefined {
  return address?.startsWith("file:///") === true ? fileURLToPath(address.replace(/\?.*$/, "")) : undefined;
}

/** @param say gets what the command prints, line by line. */
function pulumi(args: readonly string[], say?: (line: string) => void): Promise<Exit> {
  return new Promise((resolve, reject) => {
    const child = spawn("pulumi", args, { stdio: ["ignore", "pipe", "pipe"] });
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
