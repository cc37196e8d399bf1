import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { anyRevision } from "../../mesh/convert";
import { isJsonObject, type KubernetesObject } from "../../mesh/manifests";
import { ifExists } from "../../recovery/if-exists";
import { EngineFailed, previewStack, projectName, pulumi, pulumiOutput, upStack } from "../stack-engine";
import { UsageError } from "../usage-error";
import { type Target } from "./plan";
import { type Position, type Step } from "./steps";

/** A step did not come to its end; the message says why, and running the same command again goes on with it. */
export class StepFailed extends EngineFailed {
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

/** Opens the stack of this folder's project. */
export async function openStack(name: string, say: (line: string) => void): Promise<MigratedStack> {
  const project = await projectName();
  const key = (setting: string): string => `${project}:${setting}`;

  async function resources(): Promise<readonly Stored[]> {
    const { deployment } = JSON.parse(await pulumiOutput(["stack", "export", "--stack", name])) as {
      deployment: { resources?: readonly Stored[] };
    };
    return deployment.resources ?? [];
  }
  return {
    name,
    async settled({ mesh, meshMigration }) {
      const text = await pulumiOutput(["stack", "history", "--json", "--page-size", "20", "--stack", name]);
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
        return targetOf(await previewStack<Stored>(["--stack", name, "--config-file", file]));
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    async set(settings) {
      const given = Object.entries(settings).filter((one): one is [string, string] => one[1] !== undefined);
      // One command writes the file once: a kill leaves the old settings or the new ones.
      await pulumiOutput([
        "config",
        "set-all",
        "--stack",
        name,
        ...given.flatMap((one) => ["--plaintext", one.join("=")]),
      ]);
      for (const [setting, value] of Object.entries(settings)) {
        if (value === undefined) await pulumiOutput(["config", "rm", setting, "--stack", name]);
      }
    },
    async up() {
      await upStack(project, name, { say });
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
function targetOf(preview: Awaited<ReturnType<typeof previewStack<Stored>>>): Target {
  if ("refused" in preview) return { refused: `The program cannot be what it is on Istio: ${preview.refused}` };
  return { objects: preview.steps.flatMap(({ newState }) => (newState === undefined ? [] : ofIstio(newState))) };
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
