import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { buildTool } from "../tools/build";
import { type ToolDefinition } from "../tools/definitions";
import { withLock } from "../tools/lock";

/** The cache of what is fetched or built, `aks-mesh` in $XDG_CACHE_HOME (default ~/.cache). */
export const cacheDirectory = path.join(process.env["XDG_CACHE_HOME"] || path.join(os.homedir(), ".cache"), "aks-mesh");

/** A Go program that most users of the sandbox never need, so that it is built on first use. */
export interface OptionalTool {
  readonly name: string;
  readonly version: string;
  readonly packages: readonly string[];
  /** About how long the build takes the first time. */
  readonly seconds: number;
  /** Folder of its Go module. */
  readonly source: string;
  /** Folders of this checkout that the module needs besides. */
  readonly uses: readonly string[];
  /** What it is, for the message that it is being built. */
  readonly title: string;
}

/**
 * Builds the tool unless it is in the cache, under its version and a hash of its sources.
 * @param report gets a line when something has to be built.
 * @returns folder of its executables.
 */
export async function ensureOptionalTool(tool: OptionalTool, report: (message: string) => void): Promise<string> {
  const { name, version, packages, seconds, source } = tool;
  const definition: ToolDefinition = { name, version, packages, seconds, linkerVariables: {}, links: [], files: [] };
  const hash = createHash("sha256").update(JSON.stringify([definition, process.platform, process.arch]));
  for (const folder of [source, ...tool.uses]) {
    for (const file of (await readdir(folder, { recursive: true })).sort()) {
      if (!/(\.go|go\.mod|go\.sum)$/.test(file) || file.endsWith("_test.go")) continue;
      hash.update(file).update(await readFile(path.join(folder, file)));
    }
  }
  const cache = path.join(cacheDirectory, "tools");
  const directory = path.join(cache, `${name}-${version}-${hash.digest("hex").slice(0, 12)}`);
  if (!existsSync(directory)) {
    report(`Building ${tool.title} …`);
    await mkdir(path.join(cache, "logs"), { recursive: true });
    await withLock(
      `${directory}.lock`,
      () => report(`Another process is building ${name}: waiting for it.`),
      async () => {
        if (existsSync(directory)) return;
        await buildTool(definition, source, directory, path.join(cache, "logs", `${name}.log`));
      },
    );
  }
  return path.join(directory, "bin");
}
