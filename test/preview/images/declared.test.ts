import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { declaredImages, readDeclared } from "../../../preview/images/declared";

const own = resolve(__dirname, "../../..");

let checkout: string;
beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), "aks-mesh-test-"));
  await mkdir(join(checkout, "stacks"));
});
afterEach(() => rm(checkout, { recursive: true }));

/** What a checkout says whose stacks are this text. */
async function declaredIn(text: string, environment: NodeJS.ProcessEnv = process.env) {
  await writeFile(join(checkout, "stacks", "index.ts"), text);
  return declaredImages(own, checkout, "dev", environment);
}

describe("the images that a checkout says how to build", () => {
  it("are those with a build, whatever the mesh, and no code of it can write into the answer by its output", async () => {
    const text = `
      type Mesh = "osm" | "istio";
      console.log(JSON.stringify({ forged: { repository: "x", build: { context: "x" } } }));
      const images = (mesh: Mesh) => ({
        cart: { repository: "registry.example/cart", build: { context: "apps/cart", dockerfile: "apps/Dockerfile", target: "run" } },
        till: { repository: "registry.example/till", build: { context: "." } },
        ["on-" + mesh]: { repository: "registry.example/mesh", build: { context: mesh } },
        mysql: "docker.io/library/mysql",
        other: { repository: "registry.example/other" },
      });
      export const stacks = { dev: { application: (mesh: Mesh) => ({ workloads: [], images: images(mesh) }) } };`;
    expect(await declaredIn(text)).toEqual([
      { name: "cart", context: "apps/cart", dockerfile: "apps/Dockerfile", target: "run" },
      { name: "till", context: ".", dockerfile: undefined, target: undefined },
      { name: "on-osm", context: "osm", dockerfile: undefined, target: undefined },
      { name: "on-istio", context: "istio", dockerfile: undefined, target: undefined },
    ]);
  });

  it("are none where the application has none, as the bookstore", async () => {
    expect(await declaredIn("export const stacks = { dev: { application: { workloads: [] } } };")).toEqual([]);
    expect(await declaredImages(own, own, "dev", process.env)).toEqual([]);
  });

  it("are read by code that cannot be who the command is", async () => {
    const text = `
      const seen = Object.keys(process.env).filter((name) => /TOKEN|ARM_|SECRET/.test(name));
      export const stacks = { dev: { application: { images: { ["seen-" + seen.length]: { build: { context: "." } } } } } };`;
    const secrets = { ACTIONS_ID_TOKEN_REQUEST_TOKEN: "x", ARM_CLIENT_SECRET: "x", GITHUB_TOKEN: "x" };
    expect(await declaredIn(text, { ...process.env, ...secrets })).toMatchObject([{ name: "seen-0" }]);
  });

  it.each([
    ["does not compile", "export const stacks = {", /cannot be read: .*found end of file/],
    ["throws", 'throw new TypeError("no");', /^The stacks of \S+ cannot be read: TypeError: no$/],
    ["ends early", "process.exit(0);", /they said nothing/],
    ["has no such stack", "export const stacks = { prod: {} };", /There is no stack dev in stacks\/index\.ts/],
    ["sends something else first", 'process.send!(["x"]); process.exit(0);', /images are no object/],
  ])("are refused in one line where the code %s", async (_, text, message) => {
    const failed = declaredIn(text);
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.not.toThrow(/\n/);
  });

  it.each([
    ["a way out of the repository", { context: "apps/../.." }, /build\.context must be a path in the repository/],
    ["a path from the root", { context: "/etc" }, /build\.context must be a path in the repository/],
    ["a Dockerfile elsewhere", { context: ".", dockerfile: "../Dockerfile" }, /build\.dockerfile must be/],
    ["a context that is none", { context: ["x"] }, /build\.context must be/],
    ["no context", {}, /build has no context/],
    ["an option for a stage", { context: ".", target: "--push" }, /build\.target must be the name of a stage/],
    ["a build that is none", "apps/cart", /build must be \{ context/],
  ])("are refused with %s", (_, build, message) => {
    expect(() => readDeclared({ cart: { repository: "x", build } })).toThrow(message);
  });

  it("are refused under names that no registry takes, and above fifty", () => {
    const build = { context: "." };
    for (const name of ["Cart", "../pr-13/cart", "cart:latest", "a b", ""]) {
      expect(() => readDeclared({ [name]: { build } })).toThrow(/is built under its name: write it in small letters/);
    }
    const many = Object.fromEntries([...Array(51).keys()].map((n) => [`c${n}`, { build }]));
    expect(() => readDeclared(many)).toThrow(/builds 51 images: a preview brings 50 at most/);
  });
});
