import { createHash } from "node:crypto";
import { access, mkdir, readdir, readFile, readlink, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { ifExists } from "../../recovery/if-exists";
import { bundle } from "../bundle";
import { programDirectory } from "../paths";

/** A provider that the sandbox has a stand-in for. */
interface StandIn {
  /** The npm package of its SDK, which says which version of the plugin a program asks for. */
  readonly sdk: string;
  readonly plugin: string;
  /** Whether the real plugin is used where the user has it: it needs nothing of the cloud but what the sandbox offers. */
  readonly prefersReal: boolean;
}

const standIns: readonly StandIn[] = [
  { sdk: "@pulumi/azure-native", plugin: "azure-native", prefersReal: false },
  { sdk: "@pulumi/kubernetes", plugin: "kubernetes", prefersReal: true },
];

/**
 * Puts the provider plugins that the program's SDKs ask for into a PULUMI_HOME: scripts that start the sandbox's stand-ins, or
 * links to the user's own real kubernetes plugin where that version is installed. What was there for these versions is replaced;
 * what is there already stays untouched, as an engine may be starting it.
 *
 * @returns folders of the real plugins that are used.
 */
export async function installProviderPlugins(pulumiHome: string): Promise<readonly string[]> {
  const sources = await hashOfSources();
  const plugins = join(pulumiHome, "plugins");
  await mkdir(plugins, { recursive: true });
  const real = await Promise.all(standIns.map((standIn) => installPlugin(plugins, standIn, sources)));
  return real.filter((folder) => folder !== undefined);
}

async function installPlugin(plugins: string, standIn: StandIn, sources: string): Promise<string | undefined> {
  const folder = join(plugins, await folderOf(standIn));
  const real = await findRealPlugin(standIn);
  if (real !== undefined) {
    await linkPlugin(real, folder);
    return real;
  }
  const program = join(folder, `${sources}${programEnding}`);
  if (!(await exists(program))) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    // Each run of the engine starts it anew.
    await bundle(join(__dirname, standIn.plugin, "main.ts"), program);
  }
  const script = join(folder, executableOf(standIn));
  const text = startScript(program);
  if ((await ifExists(readFile(script, "utf8"))) !== text) {
    await writeFile(`${script}.draft`, text, { mode: 0o755 });
    await rename(`${script}.draft`, script);
  }
  return undefined;
}

/** Links what is in a plugin's folder, not the folder: Pulumi's engine looks only at real ones. */
async function linkPlugin(from: string, folder: string): Promise<void> {
  const names = await readdir(from);
  if (await holdsLinks(folder, from, names)) return;
  const draft = `${folder}.partial`; // no plugin to the engine, as long as it is called so
  for (const old of [draft, folder]) await rm(old, { recursive: true, force: true });
  await mkdir(draft);
  await Promise.all(names.map((name) => symlink(join(from, name), join(draft, name))));
  await rename(draft, folder);
}

async function holdsLinks(folder: string, to: string, names: readonly string[]): Promise<boolean> {
  const found = (await ifExists(readdir(folder))) ?? [];
  if (found.length !== names.length) return false;
  const targets = await Promise.all(names.map((name) => readlink(join(folder, name)).catch(() => undefined)));
  return targets.every((target, index) => target === join(to, names[index] ?? ""));
}

/** What the stand-ins are made of, as a hash. */
async function hashOfSources(): Promise<string> {
  const hash = createHash("sha256").update(await readFile(join(programDirectory, "package-lock.json")));
  for (const file of (await readdir(__dirname, { recursive: true })).sort()) {
    if (/\.(ts|json)$/.test(file)) hash.update(file).update(await readFile(join(__dirname, file)));
  }
  return hash.digest("hex").slice(0, 16);
}

/** Starts the stand-in in the script's own process, so that the engine's signals and its end reach it. */
function startScript(program: string): string {
  return `#!/bin/sh\nexec ${quote(process.execPath)} ${quote(program)} "$@"\n`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

async function folderOf({ sdk, plugin }: StandIn): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(require.resolve(`${sdk}/package.json`), "utf8"));
  if (typeof manifest === "object" && manifest !== null && "version" in manifest) {
    return `resource-${plugin}-v${String(manifest.version)}`;
  }
  throw new Error(`${sdk}/package.json gives no version.`);
}

/**
 * The folder of the user's own real plugin. PULUMI_HOME may point into a sandbox, this one or another: a stand-in there is none,
 * and links lead on to where the real one is.
 */
async function findRealPlugin(standIn: StandIn): Promise<string | undefined> {
  if (!standIn.prefersReal) return undefined;
  const home = process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi");
  const installed = join(home, "plugins", await folderOf(standIn));
  // Pulumi's mark beside a plugin that it has not unpacked to the end.
  if (await exists(`${installed}.partial`)) return undefined;
  const executable = await ifExists(realpath(join(installed, executableOf(standIn))));
  if (executable === undefined) return undefined;
  const folder = dirname(executable);
  return (await readdir(folder)).some((name) => name.endsWith(programEnding)) ? undefined : folder;
}

/** How the file ends that a stand-in's script starts, after the hash of its sources. */
const programEnding = ".stand-in.cjs";

function executableOf({ plugin }: StandIn): string {
  return `pulumi-resource-${plugin}`;
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
