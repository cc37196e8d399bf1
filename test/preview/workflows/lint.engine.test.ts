import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { documentedWorkflows } from "../../action/documented";
import { ensureActionlint, ensureZizmor } from "./linters";

const root = resolve(__dirname, "../../..");

function lint(tool: string, args: readonly string[], cwd = root) {
  const { status, stdout, stderr } = spawnSync(tool, args, { cwd, encoding: "utf8" });
  return { status, text: stdout + stderr };
}

/** A workflow with the mistakes that the linters are there for. */
const careless = `
on: pull_request_target
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with: { ref: "\${{ github.event.pull_request.head.sha }}" }
      - run: echo \${{ github.event.pull_request.title }} \${{ steps.none.outputs.x }}
`;

async function inCarelessRepository<T>(work: (folder: string) => T): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "aks-mesh-"));
  try {
    mkdirSync(join(folder, ".github", "workflows"), { recursive: true });
    mkdirSync(join(folder, ".git"));
    writeFileSync(join(folder, ".github", "workflows", "careless.yml"), careless);
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A repository of somebody else with the workflows that docs/any-repository.md shows. */
function withDocumented<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "aks-mesh-"));
  try {
    mkdirSync(join(folder, ".github", "workflows"), { recursive: true });
    mkdirSync(join(folder, ".git"));
    documentedWorkflows().forEach((text, index) =>
      writeFileSync(join(folder, ".github", "workflows", `${String(index)}.yml`), text),
    );
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the workflows", () => {
  it("pass actionlint", async () => {
    const actionlint = await ensureActionlint();
    expect(lint(actionlint, ["-no-color"])).toEqual({ status: 0, text: "" });
    expect(withDocumented((folder) => lint(actionlint, ["-no-color"], folder))).toEqual({ status: 0, text: "" });
    const { status, text } = await inCarelessRepository((folder) => lint(actionlint, ["-no-color"], folder));
    expect(status).toBe(1);
    expect(text).toContain("potentially untrusted");
  });

  it("pass zizmor", async () => {
    const zizmor = await ensureZizmor();
    const options = ["--offline", "--no-progress", "--strict-collection", "--quiet"];
    expect(lint(zizmor, [...options, ".github"])).toMatchObject({
      status: 0,
      text: expect.stringContaining("No findings"),
    });
    for (const found of [
      lint(zizmor, [...options, "action.yml"]),
      withDocumented((folder) => lint(zizmor, [...options, ".github"], folder)),
    ]) {
      expect(found).toMatchObject({ status: 0, text: expect.stringContaining("No findings") });
    }
    const { status, text } = await inCarelessRepository((folder) => lint(zizmor, [...options, ".github"], folder));
    expect(status).toBeGreaterThan(10);
    for (const rule of ["dangerous-triggers", "template-injection", "unpinned-uses"]) expect(text).toContain(rule);
  });
});
