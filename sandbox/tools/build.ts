import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, cp, mkdir, open, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { ModuleFiles, ToolDefinition } from "./definitions";
import { applyEdits, isLeftOut, type SourceEdits } from "./source-edits";

const run = promisify(execFile);

/**
 * Builds one tool into a new folder and then moves that into place in one step, so that a folder that exists is complete.
 * @param source folder of the tool's Go module.
 * @param destination folder that is to hold the executables; must not exist.
 * @param logFile what Go says; kept.
 * @throws an Error with the end of the log when the build fails.
 */
export async function buildTool(
  tool: ToolDefinition,
  source: string,
  destination: string,
  logFile: string,
): Promise<void> {
  const temporary = `${destination}.building`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  await writeFile(logFile, "");
  const variables = Object.entries(tool.linkerVariables).map(([name, value]) => `-X ${name}=${value}`);
  const modFile = tool.edits && (await editedModule(source, tool.edits, `${temporary}/source`, logFile));
  await mkdir(`${temporary}/bin`);
  // Without packages Go would look for one in the folder itself.
  if (tool.packages.length > 0) {
    await go(
      [
        "build",
        "-trimpath",
        "-buildvcs=false",
        "-mod=readonly",
        ...(modFile === undefined ? [] : [`-modfile=${modFile}`]),
        `-ldflags=${["-s", "-w", ...variables].join(" ")}`,
        `-tags=${(tool.tags ?? []).join(",")}`,
        "-o",
        `${temporary}/bin/`,
        ...tool.packages,
      ],
      source,
      logFile,
    );
  }
  await Promise.all(
    tool.links.map((link) => symlink(path.posix.basename(tool.name), path.join(temporary, "bin", link))),
  );
  for (const files of tool.files) await copyModuleFiles(files, source, path.join(temporary, files.to), logFile);
  await rm(`${temporary}/source`, { recursive: true, force: true });
  try {
    await rename(temporary, destination);
  } catch (error) {
    // Somebody else has put the same there meanwhile, for instance by copying a cache.
    if ((error as NodeJS.ErrnoException).code !== "ENOTEMPTY") throw error;
    await rm(temporary, { recursive: true });
  }
}

/**
 * Makes a copy of a required module with the edits in it, and a go.mod that uses the copy. (Go's own -overlay refuses files in the
 * module cache.)
 * @returns path of that go.mod.
 */
async function editedModule(source: string, edits: SourceEdits, copy: string, logFile: string): Promise<string> {
  const original = await moduleDirectory(edits.module, source, logFile);
  const replacement = path.join(copy, "module");
  await mkdir(replacement, { recursive: true });
  await copyFile(path.join(original, "go.mod"), path.join(replacement, "go.mod"));
  for (const folder of edits.folders) {
    await cp(path.join(original, folder), path.join(replacement, folder), {
      recursive: true,
      filter: (file) => !isLeftOut(path.relative(original, file), edits.onlyFiles),
    });
  }
  for (const file of new Set(edits.edits.map((edit) => edit.file))) {
    const edited = applyEdits(
      await readFile(path.join(original, file), "utf8"),
      edits.edits.filter((edit) => edit.file === file),
    );
    // The module cache is read-only, and so is a copy out of it.
    await rm(path.join(replacement, file));
    await writeFile(path.join(replacement, file), edited);
  }
  if (edits.added !== undefined) {
    await cp(path.join(source, edits.added.from), path.join(replacement, edits.added.to), { recursive: true });
  }
  const modFile = path.join(copy, "edited.mod");
  await writeFile(modFile, await readFile(path.join(source, "go.mod")));
  await copyFile(path.join(source, "go.sum"), path.join(copy, "edited.sum"));
  await go(["mod", "edit", `-replace=${edits.module}=${replacement}`, modFile], source, logFile);
  return modFile;
}

async function copyModuleFiles(files: ModuleFiles, source: string, to: string, logFile: string): Promise<void> {
  const directory = await moduleDirectory(files.module, source, logFile);
  await mkdir(to, { recursive: true });
  for (const from of files.from) {
    const file = path.join(directory, from);
    const found = (await stat(file)).isDirectory()
      ? (await readdir(file)).filter((name) => name.endsWith(".yaml")).map((name) => path.join(file, name))
      : [file];
    for (const each of found) await writeFile(path.join(to, path.basename(each)), await readFile(each));
  }
}

/** Where Go keeps the source of a module that the tool requires. */
async function moduleDirectory(module: string, source: string, logFile: string): Promise<string> {
  await go(["mod", "download", module], source, logFile);
  const { stdout } = await run("go", ["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module], {
    cwd: source,
    env: goEnvironment(),
  });
  return stdout.trim();
}

/**
 * cgo is off: the executables then need no C compiler to build and no particular C library to run. Nothing for debuggers is written, which the linker would
 * leave out: a tenth of the compiler's work. Functions are not copied into their callers, Go's own library excepted: a fifth of it, and a sandbox that comes up takes as
 * long as before. Where there is memory for it, the compiler collects its garbage only when it has 2 GiB: another tenth beside a goal of 400 %, which
 * saves a quarter.
 */
export function goEnvironment(): NodeJS.ProcessEnv {
  const memory = os.totalmem() > 12e9 ? { GOGC: "off", GOMEMLIMIT: "2GiB" } : {};
  const compiler = ["'-gcflags=all=-dwarf=false -l'", "-gcflags=std=-dwarf=false"];
  const flags = [process.env.GOFLAGS ?? "", ...compiler].join(" ").trim();
  return { ...process.env, ...memory, GOFLAGS: flags, CGO_ENABLED: "0", GOWORK: "off" };
}

async function go(args: readonly string[], cwd: string, logFile: string): Promise<void> {
  const log = await open(logFile, "a");
  try {
    const child = spawn("go", args, { cwd, env: goEnvironment(), stdio: ["ignore", log.fd, log.fd] });
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    if (code === 0) return;
    const tail = (await readFile(logFile, "utf8")).trimEnd().split("\n").slice(-20).join("\n");
    throw new Error(`go ${args[0]} ended with ${signal ?? `exit code ${code}`}. The end of ${logFile}:\n${tail}`);
  } finally {
    await log.close();
  }
}
