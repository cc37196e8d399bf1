import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { buildOnce, isBuilt, locateBuild, removeUnused, toolsDirectory } from "../../../sandbox/tools/cache";
import { type ToolDefinition } from "../../../sandbox/tools/definitions";
import { withLock } from "../../../sandbox/tools/lock";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), "aks-mesh-cache-"));
  vi.stubEnv("XDG_CACHE_HOME", home);
  await mkdir(toolsDirectory(), { recursive: true });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true });
});

const tool: ToolDefinition = {
  name: "thing",
  version: "1.2.4",
  packages: ["."],
  linkerVariables: {},
  links: [],
  files: [],
  seconds: 1,
};

/** A build of so many days ago. */
async function build(name: string, days: number): Promise<string> {
  const directory = path.join(toolsDirectory(), name);
  await mkdir(path.join(directory, "bin"), { recursive: true });
  await age(directory, days);
  return directory;
}

async function age(directory: string, days: number): Promise<void> {
  const then = new Date(Date.now() - days * 24 * 60 * 60 * 1000);
  await utimes(directory, then, then);
}

describe("the place of a build", () => {
  it("depends on the sources that count, and on nothing else", async () => {
    const source = path.join(home, "source");
    await mkdir(path.join(source, "part"), { recursive: true });
    const write = (file: string, text: string) => writeFile(path.join(source, file), text);
    await write("go.mod", "module thing");
    await write("part/part.go", "package part");
    const locate = () => locateBuild(tool, [source], (file) => !file.endsWith("_test.go"));
    const first = await locate();
    expect(path.dirname(first)).toBe(toolsDirectory());
    expect(path.basename(first)).toMatch(/^thing-1\.2\.4-[0-9a-f]{12}$/);
    await write("README.md", "read me");
    await write("part/part_test.go", "package part");
    expect(await locate()).toBe(first);
    expect(await locateBuild(tool, [source])).not.toBe(first);
    await write("part/part.go", "package part // changed");
    expect(await locate()).not.toBe(first);
    expect(await locateBuild({ ...tool, seconds: 2 }, [source])).not.toBe(await locateBuild(tool, [source]));
  });
});

describe("a build", () => {
  it("is made once, however many ask for it", async () => {
    const directory = path.join(toolsDirectory(), "thing-1.2.4-000000000001");
    let built = 0;
    let waited = 0;
    const ask = () =>
      buildOnce(
        directory,
        () => waited++,
        async () => {
          built += 1;
          // It lasts until both others have found that it is under way.
          await expect.poll(() => waited).toBe(2);
          await mkdir(directory);
        },
      );
    expect(await isBuilt(directory)).toBe(false);
    await Promise.all([ask(), ask(), ask()]);
    expect({ built, waited }).toEqual({ built: 1, waited: 2 });
    expect(await isBuilt(directory)).toBe(true);
    expect(await readdir(toolsDirectory())).toEqual([path.basename(directory)]);
  });

  it("takes those of the same tool with it that nobody used for two weeks", async () => {
    const kept = [
      await build("thing-1.2.3-00000000000a", 13),
      await build("thing-language-1.2.3-00000000000b", 15),
      await build("thin-1.2.3-00000000000c", 15),
      await build("binaries-00000000000d", 15),
      await build("logs", 15),
    ];
    await build("thing-1.2.3-00000000000e", 15);
    await build("thing-1-00000000000f", 400);
    const directory = path.join(toolsDirectory(), "thing-1.2.4-000000000001");
    await buildOnce(
      directory,
      () => expect.unreachable("must not wait"),
      async () => void (await mkdir(directory)),
    );
    const names = [...kept, directory].map((one) => path.basename(one));
    expect((await readdir(toolsDirectory())).sort()).toEqual(names.sort());
  });

  it("stays while it is used", async () => {
    const used = await build("thing-1.2.3-00000000000a", 15);
    expect(await isBuilt(used)).toBe(true);
    const directory = await build("thing-1.2.4-000000000001", 0);
    await removeUnused(directory);
    expect(await isBuilt(used)).toBe(true);
  });

  it("stays if somebody begins to use it while its removal is under way", async () => {
    const used = await build("thing-1.2.3-00000000000a", 15);
    const directory = await build("thing-1.2.4-000000000001", 0);
    let removal: Promise<void> | undefined;
    // What isBuilt does, with time for the other to have seen that it is old.
    await withLock(
      `${used}.lock`,
      () => undefined,
      async () => {
        removal = removeUnused(directory);
        await new Promise((resolve) => setTimeout(resolve, 100));
        await age(used, 0);
      },
    );
    await removal;
    expect(await isBuilt(used)).toBe(true);
  });

  it("is told apart by its name", async () => {
    await expect(removeUnused(path.join(toolsDirectory(), "thing"))).rejects.toThrow("not named as a build is");
  });
});
