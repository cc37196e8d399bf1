import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { openProject } from "../../preview/project";
import { readPreviewPolicy } from "../../preview/settings";

let program: string;
const files = {
  "Pulumi.yaml": [
    "name: shop",
    "runtime: nodejs",
    "config:",
    ...["previewBase: { type: string, default: dev }", "previewTimeToLive: { type: string, default: 72h }"].map(indent),
    ...[
      "previewRegistries: { type: array, default: [a.example] }",
      "previewOwnClusters: { type: integer, default: 2 }",
    ].map(indent),
    ...[
      "previewNodes: { type: integer, default: 3 }",
      "previewNodeSizes: { type: array, default: [small] }",
      "previewResourceTypes: { type: array, default: [] }",
      "previewReaches: { type: array, default: [] }",
    ].map(indent),
  ].join("\n"),
  "Pulumi.dev.yaml": "config:\n  shop:x: 1\n",
  "Pulumi.pr-4.yaml": "config:\n  shop:x: forgotten\n",
  "Pulumi.preview.yaml": "config:\n  shop:location: here\n  shop:previewNodes: 5\n",
};

function indent(line: string): string {
  return `  ${line}`;
}

beforeEach(async () => {
  program = await mkdtemp(join(tmpdir(), "aks-mesh-test-"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(program, name), text);
});
afterEach(() => rm(program, { recursive: true }));

describe("the project of one command", () => {
  it("runs the program where it stands, with copies of its settings, and leaves nothing", async () => {
    const project = await openProject(program);
    const read = async (name: string): Promise<unknown> => parse(await readFile(join(project.directory, name), "utf8"));
    const { main } = (await read("Pulumi.yaml")) as { main: string };
    expect(resolve(project.directory, main)).toBe(program);
    expect(await read("Pulumi.dev.yaml")).toEqual({ config: { "shop:x": 1 } });
    await expect(read("Pulumi.pr-4.yaml")).rejects.toThrow("ENOENT");
    await project.close();
    await expect(read("Pulumi.yaml")).rejects.toThrow("ENOENT");
  });

  it("quotes what Pulumi would read as something else than text", async () => {
    const project = await openProject(program);
    const commit = "1".repeat(40);
    const expires = "2026-11-24T18:00:00Z";
    const preview = {
      pullRequest: 1,
      commit,
      owner: "no",
      expires,
      cluster: "shared",
      base: "dev",
      images: {},
      reaches: [],
    } as const;
    await project.configure("pr-1", "shop", preview);
    const text = await readFile(join(project.directory, "Pulumi.pr-1.yaml"), "utf8");
    for (const value of [commit, expires, "no"]) expect(text).toContain(`"${value}"`);
    expect(parse(text)).toEqual({
      config: { "shop:location": "here", "shop:previewNodes": 5, "shop:preview": preview },
    });
    await project.close();
  });
});

describe("the settings of all previews", () => {
  it("are the defaults in Pulumi.yaml under the values in Pulumi.preview.yaml", async () => {
    expect(await readPreviewPolicy(program)).toEqual({
      project: "shop",
      base: "dev",
      timeToLive: 259_200_000,
      registries: ["a.example"],
      ownClusters: 2,
      nodes: 5,
      nodeSizes: ["small"],
      resourceTypes: [],
      reaches: [],
    });
  });

  it.each([
    ["previewNodes", "-1"],
    ["previewRegistries", "docker.io"],
    ["previewBase", "pr-1"],
    ["previewTimeToLive", "forever"],
    ["previewReaches", "bookwarehouse"],
  ])("are refused where %s is %s", async (key, value) => {
    await writeFile(join(program, "Pulumi.preview.yaml"), `config:\n  shop:${key}: ${value}\n`);
    await expect(readPreviewPolicy(program)).rejects.toThrow();
  });
});
