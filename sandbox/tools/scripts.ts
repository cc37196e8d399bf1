import { copyFile } from "node:fs/promises";
import path from "node:path";

/** Plugins of Pulumi that are scripts, NAME.sh in this folder. An executable of the name is what its script starts, as NAME-host. */
export const scripts: readonly string[] = ["pulumi-resource-pulumi-nodejs", "pulumi-language-nodejs"];

/** The files that they are, and the modules that these read, by their names in the folder of all executables. */
export const scriptFiles: ReadonlyMap<string, string> = new Map([
  ...scripts.map((name) => [name, path.join(__dirname, `${name}.sh`)] as const),
  ["pulumi-resource-pulumi-nodejs.cjs", path.join(__dirname, "pulumi-resource-pulumi-nodejs.cjs")],
  ...["without-closures.cjs", "load-when-used.cjs"].map(
    (file) => [file, path.join(__dirname, "..", "..", "scripts", file)] as const,
  ),
]);

/** Puts all of them into a folder. */
export async function copyScripts(folder: string): Promise<void> {
  for (const [name, file] of scriptFiles) await copyFile(file, path.join(folder, name));
}
