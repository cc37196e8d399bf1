import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { buildImages } from "../../../preview/images/build";
import { imagesText, readImagesFile } from "../../../preview/images/images-file";
import { type BroughtImage } from "../../../preview/images/inputs";
import { digestOf, type RegistryOptions } from "../../../preview/images/registry";
import { requireImages } from "../../../preview/images/require";
import { type AzureLikeRegistry, startRegistry } from "../registry";

const own = resolve(__dirname, "../../..");
const commit = "c0".repeat(20);

let registry: AzureLikeRegistry;
/** A folder with the stand-in for docker alone, and node, which it needs. */
let programs: string;
/** A pull request's checkout. */
let checkout: string;

beforeAll(async () => {
  registry = await startRegistry();
  registry.mayDo.set("pusher", ["pull", "push"]).set("puller", ["pull"]);
  programs = await mkdtemp(join(tmpdir(), "aks-mesh-programs-"));
  await cp(join(__dirname, "../registry/docker.cjs"), join(programs, "docker"));
  await symlink(process.execPath, join(programs, "node"));
  await symlink(execFileSync("which", ["tar"], { encoding: "utf8" }).trim(), join(programs, "tar"));
  checkout = await mkdtemp(join(tmpdir(), "aks-mesh-checkout-"));
});
afterAll(async () => {
  await registry.stop();
  for (const folder of [programs, checkout]) await rm(folder, { recursive: true });
});

const options = (token: string): RegistryOptions => ({
  isAzure: (name) => name === registry.host,
  azureToken: () => Promise.resolve(token),
  pause: 1,
});

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(checkout, name)), { recursive: true });
    await writeFile(join(checkout, name), text);
  }
}

const application = (images: string) =>
  `export const stacks = { dev: { application: { workloads: [], images: ${images} } } };`;

beforeEach(() =>
  write({
    "stacks/index.ts": application(`{
      cart: { repository: "registry.example/cart", build: { context: "apps/cart" } },
      till: { repository: "registry.example/till", build: { context: ".", dockerfile: "apps/Tillfile", target: "run" } },
      mysql: "docker.io/library/mysql",
    }`),
    "apps/cart/Dockerfile": "FROM scratch\nCOPY cart.txt /cart.txt\n",
    "apps/cart/cart.txt": "first",
    "apps/Tillfile": "FROM scratch AS run\nCOPY apps/cart /cart\n",
  }),
);

const said: string[] = [];

/** Builds as pull request 12. */
function build(token = "pusher"): Promise<readonly BroughtImage[]> {
  const environment = { ...process.env, PATH: programs, HOME: checkout };
  const place = `${registry.host}/previews`;
  const inputs = { own, program: checkout, base: "dev", pullRequest: 12, commit, place, environment };
  return buildImages(
    { ...inputs, say: (message) => said.push(message), signal: new AbortController().signal },
    options(token),
  );
}

/** Folders of this machine's for a login, and for what a builder says. */
const scratch = async () => (await readdir(tmpdir())).filter((name) => /^aks-mesh-(login|images)-/.test(name));

describe("the images of a pull request", () => {
  it("are built, pushed to its own place, and read back by who may only read", async () => {
    const before = await scratch();
    const images = await build();
    expect(images).toEqual([
      {
        name: "cart",
        reference: { registry: registry.host, path: "previews/pr-12/cart", digest: expect.stringMatching(/^sha256:/) },
      },
      {
        name: "till",
        reference: { registry: registry.host, path: "previews/pr-12/till", digest: expect.stringMatching(/^sha256:/) },
      },
    ]);
    expect(said).toEqual(
      ["cart", "till"].map((name) => `Building ${registry.host}/previews/pr-12/${name}:${commit} …`),
    );
    expect(await scratch()).toEqual(before);

    const read = readImagesFile(imagesText(images), 12, [`${registry.host}/previews`]);
    await requireImages(read, options("puller"));
    const [cart] = images;
    const tag = { registry: registry.host, path: "previews/pr-12/cart", tag: commit };
    expect(await digestOf(tag, options("puller"))).toBe(cart?.reference.digest);
  });

  it("stay what they were when the tag means another", async () => {
    const [first] = await build();
    await write({ "apps/cart/cart.txt": "second" });
    const [second] = await build();
    expect(second?.reference.digest).not.toBe(first?.reference.digest);
    await requireImages(
      [first, second].filter((one) => one !== undefined),
      options("puller"),
    );
  });

  it("are refused by name before anything is deployed where the registry does not have them", async () => {
    const reference = { registry: registry.host, path: "previews/pr-12/cart", digest: `sha256:${"f".repeat(64)}` };
    await expect(requireImages([{ name: "cart", reference }], options("puller"))).rejects.toThrow(
      /Nothing was deployed: the registry does not have this image\. .*\n- cart: \S+\/previews\/pr-12\/cart@sha256:fff/,
    );
  });

  it("are pushed by nobody who may only read, and read by nobody whom the registry does not know", async () => {
    await expect(build("puller")).rejects.toThrow(/docker buildx of \S+ ended with exit code 1/);
    await expect(build("mallory")).rejects.toThrow(/^Logging in to \S+: \S+ gives no token to read it \(401\)\.$/);
    const reference = { registry: registry.host, path: "previews/pr-12/cart", tag: commit };
    await expect(digestOf(reference, options("mallory"))).rejects.toThrow(/gives no token to read it \(401\)/);
  });

  it("are none where the application builds none: then nobody logs in", async () => {
    await write({ "stacks/index.ts": application('{ mysql: "docker.io/library/mysql" }') });
    const before = registry.asked.length;
    expect(await build()).toEqual([]);
    expect(registry.asked).toHaveLength(before);
  });

  it.each([
    ["its folder is not there", '{ cart: { build: { context: "apps/card" } } }', {}, /there is no folder apps\/card/],
    [
      "its Dockerfile reaches out of the folder",
      '{ cart: { build: { context: "apps/cart" } } }',
      { "apps/cart/Dockerfile": "FROM scratch\nCOPY ../../stacks /stacks\n" },
      /docker buildx of \S+\/pr-12\/cart:\S+ ended with exit code 1: what it said is above/,
    ],
  ])("are not built where %s", async (_, images, files, message) => {
    await write({ "stacks/index.ts": application(images), ...files });
    const before = await scratch();
    await expect(build()).rejects.toThrow(message);
    expect(await scratch()).toEqual(before);
  });
});
