import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Metafile } from "esbuild";
import { root } from "./bundles";

/** The folders in node_modules whose code is in the bundles. */
function packageFolders(metafiles: readonly Metafile[]): readonly string[] {
  const inputs = metafiles
    .flatMap(({ outputs }) => Object.values(outputs))
    .flatMap(({ inputs: read }) => Object.keys(read));
  const folders = inputs.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  return [...new Set(folders)].sort();
}

/**
 * The names, versions and licenses of the packages in the bundles.
 *
 * @throws Error where a package says nothing of its license.
 */
export function thirdPartyNotices(metafiles: readonly Metafile[]): string {
  const notices = packageFolders(metafiles).map((folder) => {
    const manifest = join(root, folder, "package.json");
    const { name, version, license } = JSON.parse(readFileSync(manifest, "utf8")) as Record<string, unknown>;
    if (typeof license !== "string") throw new Error(`${manifest} names no license: it cannot be part of the package.`);
    const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text =
      file !== undefined && existsSync(join(root, folder, file)) ? readFileSync(join(root, folder, file), "utf8") : "";
    return `${String(name)} ${String(version)} (${license})\n\n${text.trim()}\n`;
  });
  return ["The JavaScript files of this package have code of these packages in them.\n", ...notices].join(
    `\n${"-".repeat(80)}\n\n`,
  );
}
