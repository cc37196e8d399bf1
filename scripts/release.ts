/**
 * `npm run release -- TAG --repository ADDRESS`: makes what is released of a tag, in dist/release, and publishes nothing: the packed package
 * as aks-mesh.tgz, after the tests of a program that installs it, and the release's notes.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { typescriptArguments } from "./typescript-arguments";
import { root } from "./package/bundles";
import { ownManifest } from "./package/manifest";
import { releaseNotes } from "./release/notes";

const release = join(root, "dist", "release");
const tarball = join(release, "aks-mesh.tgz");

/** Runs a program to its end, which says itself what it does. @throws Error where it fails. */
function run(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): void {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: "inherit",
  });
  if (error !== undefined) throw new Error(`${command} could not be started: ${error.message}`);
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")} failed: see its message above.`);
}

try {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { repository: { type: "string" } } });
  const [tag] = positionals;
  const { repository } = values;
  if (tag === undefined || positionals.length > 1 || repository === undefined) {
    throw new Error(
      "Say which tag, and of which repository: npm run release -- v1.2.3 --repository https://github.com/OWNER/NAME",
    );
  }
  const { version } = ownManifest();
  const notes = releaseNotes({
    ...{ tag, version, repository },
    changelog: readFileSync(join(root, "CHANGELOG.md"), "utf8"),
  });
  rmSync(release, { recursive: true, force: true });
  mkdirSync(release, { recursive: true });
  writeFileSync(join(release, "notes.md"), notes);
  const built = join(release, "package");
  run(process.execPath, [
    ...typescriptArguments,
    join("scripts", "package.ts"),
    "--out",
    built,
    "--repository",
    repository,
  ]);
  run("npm", ["pack", built, "--pack-destination", release, "--loglevel=error"]);
  renameSync(join(release, `aks-mesh-${version}.tgz`), tarball);
  rmSync(built, { recursive: true });
  run(
    process.execPath,
    [join("node_modules", "vitest", "vitest.mjs"), "run", "--project", "unit", "test/package/package.test.ts"],
    {
      AKS_MESH_PACKED: tarball,
    },
  );
  console.log(release);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
