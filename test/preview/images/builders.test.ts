import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildAndPush, installedBuilder } from "../../../preview/images/builders";

const digest = `sha256:${"a".repeat(64)}`;
const never = new AbortController().signal;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "aks-mesh-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A program on the PATH that notes its arguments, and then does what the lines of a shell say. */
async function program(name: string, ...lines: readonly string[]): Promise<void> {
  const file = join(folder, name);
  await writeFile(file, ["#!/bin/sh", `echo "${name} $*" >> ${folder}/calls`, ...lines, ""].join("\n"));
  await chmod(file, 0o755);
}

const calls = async () => (await readFile(join(folder, "calls"), "utf8")).trimEnd().split("\n");

/** Where programs of this machine are found as well. */
const usual = () => ({ PATH: `${folder}:/usr/bin:/bin` });

const inputs = () => ({
  tag: "acme.azurecr.io/previews/pr-1/cart:c0",
  ...{ context: "/checkout/apps/cart", dockerfile: "/checkout/apps/Dockerfile", target: "run" },
  plain: false,
  resultFile: join(folder, "result"),
});

/** Builds and pushes with whatever is installed, which is what the test put there. */
async function build(change: Partial<ReturnType<typeof inputs>> = {}) {
  return buildAndPush(await installedBuilder(usual()), { ...inputs(), ...change }, usual(), never);
}

describe("builders of images", () => {
  it("are named where none is installed, and where docker has no buildx", async () => {
    const none = /^No builder of images is on the PATH: install Docker with buildx \(\S+\), podman or buildah\.$/;
    await expect(installedBuilder({ PATH: folder })).rejects.toThrow(none);
    await program("docker", "exit 1");
    await expect(installedBuilder({ PATH: folder })).rejects.toThrow(none);
  });

  it("docker builds and pushes in one run, and says the digest in its metadata", async () => {
    await program("docker", `echo '{"containerimage.digest":"${digest}"}' > ${folder}/result`);
    expect(await build()).toBe(digest);
    expect(await calls()).toEqual([
      "docker buildx version",
      `docker buildx build --push --metadata-file=${folder}/result --tag=${inputs().tag} --file=/checkout/apps/Dockerfile --target=run /checkout/apps/cart`,
    ]);
  });

  it.each(["podman", "buildah"])("%s builds, and then pushes", async (name) => {
    await program(name, `[ "$1" != push ] || echo ${digest} > ${folder}/result`);
    expect(await build({ plain: true })).toBe(digest);
    expect(await calls()).toEqual([
      `${name} --version`,
      `${name} build --tag=${inputs().tag} --file=/checkout/apps/Dockerfile --target=run /checkout/apps/cart`,
      `${name} push --tls-verify=false --digestfile=${folder}/result ${inputs().tag}`,
    ]);
  });

  it("fail in one line, and end with the command", async () => {
    await program("podman", "[ $1 != build ] || exit 3");
    await expect(build()).rejects.toThrow(
      /^podman build of acme\.\S+ ended with exit code 3: what it said is above\.$/,
    );
    await program("podman", "true");
    await expect(build()).rejects.toThrow(/did not say as what: its version is too old/);
    await program("docker", `echo '{"containerimage.digest":"latest"}' > ${folder}/result`);
    await expect(build()).rejects.toThrow(/did not say as what/);
    await program("docker", '[ "$2" = version ] || exec sleep 60');
    const ending = AbortSignal.timeout(200);
    const builder = await installedBuilder(usual());
    await expect(buildAndPush(builder, inputs(), usual(), ending)).rejects.toThrow(/abort/);
  });
});
