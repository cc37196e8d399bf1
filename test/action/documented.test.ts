import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { documentedWorkflows } from "./documented";

const root = resolve(__dirname, "../..");

interface Workflow {
  readonly permissions: unknown;
  readonly jobs: Readonly<
    Record<string, { readonly permissions: Readonly<Record<string, string>>; readonly steps: readonly Step[] }>
  >;
}
interface Step {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

const workflows = documentedWorkflows().map((text) => ({ text, workflow: parse(text) as Workflow }));
const { inputs } = parse(readFileSync(join(root, "action.yml"), "utf8")) as {
  readonly inputs: Readonly<Record<string, { readonly required?: boolean }>>;
};
const steps = workflows.flatMap(({ workflow }) => Object.values(workflow.jobs).flatMap((job) => job.steps));

describe("docs/any-repository.md", () => {
  it("shows workflows that pin every action by a commit", () => {
    expect(workflows.length).toBe(2);
    const uses = workflows.flatMap(({ text }) => text.split("\n").filter((line) => line.includes("uses:")));
    for (const line of uses) expect(line).toMatch(/uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    expect(uses.length).toBe(steps.length);
  });

  it("gives jobs what they need and no more", () => {
    for (const { workflow } of workflows) expect(workflow.permissions).toEqual({});
    const [review, scan] = workflows.map(({ workflow }) => Object.values(workflow.jobs).map((job) => job.permissions));
    expect(review).toEqual([{ contents: "read", "pull-requests": "write" }]);
    expect(scan).toEqual([{ contents: "read", "security-events": "write" }]);
    for (const step of steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"))) {
      expect(step.with?.["persist-credentials"]).toBe(false);
    }
  });

  it("names the action's inputs, those that it cannot do without included", () => {
    const ours = steps.filter(({ uses }) => uses?.includes("/aks-mesh@"));
    expect(ours.length).toBe(2);
    const required = Object.keys(inputs).filter((name) => inputs[name]?.required === true);
    for (const { with: given = {} } of ours) {
      expect(Object.keys(inputs)).toEqual(expect.arrayContaining(Object.keys(given)));
      expect(Object.keys(given)).toEqual(expect.arrayContaining(required));
      for (const value of Object.values(given)) expect(value).toBeTypeOf("string");
    }
  });

  it("names the hook that there is", () => {
    const hooks = parse(readFileSync(join(root, ".pre-commit-hooks.yaml"), "utf8")) as readonly Readonly<
      Record<string, unknown>
    >[];
    expect(hooks.map(({ id }) => id)).toEqual(["aks-mesh"]);
    const [, example = ""] =
      /```yaml\n(repos:[\s\S]*?)```/.exec(readFileSync(join(root, "docs/any-repository.md"), "utf8")) ?? [];
    const { repos } = parse(example) as {
      readonly repos: readonly { readonly hooks: readonly { readonly id: string }[] }[];
    };
    expect(repos.flatMap((one) => one.hooks.map(({ id }) => id))).toEqual(["aks-mesh"]);
    expect(readFileSync(join(root, String(hooks[0]?.["entry"])), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  });
});
