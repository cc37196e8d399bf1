import { access, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

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
  await Promise.all(standIns.map((standIn) => installPlugin(join(pulumiHome, "plugins"), standIn)));
}

/** Whether the sandbox runs the real kubernetes provider: its plugin, of the SDK's version, is in the user's own PULUMI_HOME. */
export async function usesRealKubernetesProvider(): Promise<boolean> {
  const kubernetes = standIns.find(({ plugin }) => plugin === "kubernetes");
  return kubernetes !== undefined && (await findRealPlugin(kubernetes)) !== undefined;
}

async function installPlugin(plugins: string, standIn: StandIn): Promise<void> {
  const folder = join(plugins, await folderOf(standIn));
  const real = await findRealPlugin(standIn);
  await rm(folder, { recursive: true, force: true });
  await mkdir(plugins, { recursive: true });
  if (real !== undefined) {
    await symlink(real, folder);
    return;
  }
  await mkdir(folder);
  await writeFile(join(folder, `pulumi-resource-${standIn.plugin}`), startScript(standIn), { mode: 0o755 });
}

/**
 * Starts the stand-in in the script's own process, so that the engine's signals and its end reach it. The loader compiles TypeScript
 * as it is loaded and keeps the result.
 */
function startScript({ plugin }: StandIn): string {
  const main = join(__dirname, plugin, "main.ts");
  const loader = require.resolve("tsx/cjs");
  return `#!/bin/sh\nexec ${quote(process.execPath)} --require ${quote(loader)} ${quote(main)} "$@"\n`;
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
  const isInstalled = await access(join(folder, `pulumi-resource-${standIn.plugin}`)).then(
    () => true,
    () => false,
  );
  // A link is a sandbox's own, should PULUMI_HOME point into one.
  return isInstalled ? folder : undefined;
}
