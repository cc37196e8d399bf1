import { execFileSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { relative, resolve, sep } from "node:path";
import { type ManifestFile } from "../../mesh/manifests";
import { isManifestPath } from "../input";
import { UsageError } from "../usage-error";

/** Most that is read of one commit, in bytes. */
const mostBytes = 256 * 1024 * 1024;

/**
 * The manifests of another commit, read out of git's own store: nothing is checked out, so that no hook, filter or symbolic link of the
 * repository has a part in it.
 *
 * @param paths files and folders, as {@link readManifestFiles} takes them. Those that the commit does not have are left out.
 * @throws {UsageError} where there is no repository, or no such commit in it.
 */
export function manifestsAt(commit: string, paths: readonly string[]): readonly ManifestFile[] {
  const top = git(["rev-parse", "--show-toplevel"]).trim();
  const folder = realpathSync(".");
  const wanted = paths.map((path) => relative(top, resolve(folder, path)).split(sep).join("/"));
  const outside = paths.find((_, index) => wanted[index]?.startsWith("..") === true);
  if (outside !== undefined) throw new UsageError(`${outside} is not in the repository, so that it has no base.`);
  const blobs = listing(commit).filter(({ path }) =>
    wanted.some((one) => path === one || (isManifestPath(path) && (one === "" || path.startsWith(`${one}/`)))),
  );
  const texts = contents(blobs.map(({ id }) => id));
  return blobs.map(({ path }, index) => ({
    name: relative(folder, resolve(top, path)),
    text: texts[index] ?? "",
    found: !wanted.includes(path),
  }));
}

/**
 * The commit that a name stands for, 40 or 64 hexadecimal digits.
 *
 * @throws {UsageError} where there is none.
 */
export function commitNamed(name: string): string {
  try {
    return git(["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`]).trim();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `--base ${name}: this clone of the repository has no such commit. Fetch it (in a workflow: actions/checkout with fetch-depth: 0).`,
    );
  }
}

interface Blob {
  readonly id: string;
  readonly path: string;
}

/** All ordinary files of a commit. Links and submodules are none. */
function listing(commit: string): readonly Blob[] {
  return git(["ls-tree", "-r", "-z", "--full-tree", commit])
    .split("\0")
    .flatMap((line) => {
      const [, id, path] = /^100\d{3} blob ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
      return id === undefined || path === undefined ? [] : [{ id, path }];
    });
}

/** The texts of blobs, in one run of git. */
function contents(ids: readonly string[]): readonly string[] {
  if (ids.length === 0) return [];
  const output = execFileSync("git", ["cat-file", "--batch"], { input: `${ids.join("\n")}\n`, maxBuffer: mostBytes });
  const texts: string[] = [];
  let at = 0;
  for (const id of ids) {
    const end = output.indexOf("\n", at);
    const size = Number(output.toString("latin1", at, end).split(" ")[2]);
    if (!Number.isSafeInteger(size)) throw new Error(`git cat-file said no size of ${id}.`);
    texts.push(output.toString("utf8", end + 1, end + 1 + size));
    at = end + 1 + size + 1;
  }
  return texts;
}

function git(args: readonly string[]): string {
  try {
    return execFileSync("git", args, { encoding: "utf8", maxBuffer: mostBytes, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if ("code" in error && error.code === "ENOENT") throw new UsageError("--base needs git, which is not on the PATH.");
    const said = "stderr" in error && typeof error.stderr === "string" ? error.stderr.split("\n")[0] : undefined;
    if (said === undefined || said === "") throw error;
    throw new UsageError(`git: ${said.replace(/^fatal: /, "")}`);
  }
}
