import { createHash } from "node:crypto";
import { access, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
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
 * Puts the provider plugins that the program's SDKs ask for into a PULUMI_HOME: scripts that start the sandbox's stand-ins, or a link
 * to the user's own real kubernetes plugin where that version is installed. What was there for these versions is replaced.
 */
export async function installProviderPlugins(pulumiHome: string): Promise<void> {
  const sources = await hashOfSources();
  await Promise.all(standIns.map((standIn) => installPlugin(join(pulumiHome, "plugins"), standIn, sources)));
}

/** Whether the sandbox runs the real kubernetes provider: its plugin, of the SDK's version, is in the user's own PULUMI_HOME. */
export async function usesRealKubernetesProvider(): Promise<boolean> {
  const kubernetes = standIns.find(({ plugin }) => plugin === "kubernetes");
  return kubernetes !== undefined && (await findRealPlugin(kubernetes)) !== undefined;
}

async function installPlugin(plugins: string, standIn: StandIn, sources: string): Promise<void> {
  const folder = join(plugins, await folderOf(standIn));
  const real = await findRealPlugin(standIn);
  if (real !== undefined) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(plugins, { recursive: true });
    await symlink(real, folder);
    return;
  }
  const program = join(folder, `${sources}.cjs`);
  if (!(await exists(program))) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    // Each run of the engine starts it anew.
    await bundle(join(__dirname, standIn.plugin, "main.ts"), program);
  }
  await writeFile(join(folder, `pulumi-resource-${standIn.plugin}`), startScript(program), { mode: 0o755 });
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

async function findRealPlugin(standIn: StandIn): Promise<string | undefined> {
  if (!standIn.prefersReal) return undefined;
  const folder = join(process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi"), "plugins", await folderOf(standIn));
  // A link is a sandbox's own, should PULUMI_HOME point into one.
  return (await exists(join(folder, `pulumi-resource-${standIn.plugin}`))) ? folder : undefined;
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
