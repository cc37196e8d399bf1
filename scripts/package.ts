/**
 * `npm run package [-- --out FOLDER] [--repository ADDRESS]`: makes the npm package `aks-mesh` in a folder, dist/package unless another is
 * named, to look at or to `npm pack`. What is published is made by `npm run release`.
 */
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { makeBundles, root } from "./package/bundles";
import { makeDeclarations, readModules } from "./package/declarations";
import { thirdPartyNotices } from "./package/licenses";
import { description, ownManifest, packageManifest, packageName } from "./package/manifest";
import { packageSchema } from "./package/schema";

/** Makes the package anew in a folder, which says that it comes from a repository. */
async function makePackage(folder: string, repository: string | undefined): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const own = ownManifest();
  const json = (file: string, value: object) =>
    writeFileSync(join(folder, file), `${JSON.stringify(value, null, 2)}\n`);
  const metafiles = await makeBundles(folder);
  json("package.json", packageManifest(own, repository));
  const modules = readModules();
  makeDeclarations(modules, folder);
  const { version, license } = own;
  json("plugin/schema.json", packageSchema(modules, { name: packageName, version, description, license }));
  json("plugin/package.json", { name: packageName, version, private: true, main: "index.js" });
  json("policy-pack/package.json", { name: `${packageName}-policy-pack`, version, private: true, main: "index.cjs" });
  copyFileSync(join(root, "policy-pack", "PulumiPolicy.yaml"), join(folder, "policy-pack", "PulumiPolicy.yaml"));
  copyFileSync(join(__dirname, "package", "plugin", "PulumiPlugin.yaml"), join(folder, "plugin", "PulumiPlugin.yaml"));
  copyFileSync(join(__dirname, "package", "plugin", "start.cjs"), join(folder, "plugin", "pulumi-resource-aks-mesh"));
  chmodSync(join(folder, "plugin", "pulumi-resource-aks-mesh"), 0o755);
  writeFileSync(join(folder, "THIRD-PARTY-LICENSES.txt"), thirdPartyNotices(metafiles));
  copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  copyFileSync(join(root, "docs", "package.md"), join(folder, "README.md"));
  copyFileSync(join(__dirname, "package", "bin.cjs"), join(folder, "bin.js"));
  chmodSync(join(folder, "bin.js"), 0o755);
}

const { values } = parseArgs({
  options: { out: { type: "string", default: join(root, "dist", "package") }, repository: { type: "string" } },
});
const folder = resolve(values.out);
console.error("Bundling the package and writing its declarations (half a minute) …");
makePackage(folder, values.repository).then(
  () => console.log(folder),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
