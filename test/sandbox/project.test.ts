import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writeProject } from "../../sandbox/project";

let directory: string;
let program: string;
let project: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "project-"));
  program = join(directory, "program");
  project = join(directory, "sandbox", "project");
  await mkdir(program);
  await writeFile(join(program, "Pulumi.yaml"), "name: x\nruntime: nodejs\n");
  await writeFile(join(program, "Pulumi.dev.yaml"), "config:\n  x:location: westeurope\n");
});
afterEach(() => rm(directory, { recursive: true }));

const read = (name: string) => readFile(join(project, name), "utf8");

it("points the copy at the program and leaves the program alone", async () => {
  await writeProject(project, program);
  expect(await read("Pulumi.yaml")).toContain("main: ../../program");
  expect(await readFile(join(program, "Pulumi.yaml"), "utf8")).toBe("name: x\nruntime: nodejs\n");
  expect(await read("Pulumi.dev.yaml")).toContain("westeurope");
});

it("keeps what was set in the copy until the original changes, and then only the salt", async () => {
  await writeProject(project, program);
  await writeFile(join(project, "Pulumi.dev.yaml"), "encryptionsalt: v1:abc\nconfig:\n  x:location: northeurope\n");
  await writeProject(project, program);
  expect(await read("Pulumi.dev.yaml")).toContain("northeurope");

  await writeFile(join(program, "Pulumi.dev.yaml"), "config:\n  x:location: uksouth\n");
  await writeProject(project, program);
  expect(await read("Pulumi.dev.yaml")).toContain("uksouth");
  expect(await read("Pulumi.dev.yaml")).toContain("encryptionsalt: v1:abc");
});
