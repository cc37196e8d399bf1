import { existsSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files that take minutes in a new checkout, longest first: with many runs of the engine, with pods, or with the build of a tool. So the last to end is a
 * short one, and no worker is idle for long. What is not here takes less than the last of them.
 */
const longest = [
  "test/preview/life.engine.test.ts",
  "test/sandbox/rollout.engine.test.ts",
  "test/sandbox/canary.engine.test.ts",
  "test/readme.engine.test.ts",
  "test/sandbox/faults.engine.test.ts",
  "test/sandbox/kill.engine.test.ts",
  "test/preview/deployment.engine.test.ts",
  "test/judge/istio-judge.engine.test.ts",
  "test/sandbox/plug-in-authority.engine.test.ts",
  "test/sandbox/up-istio.engine.test.ts",
  "test/sandbox/traffic.engine.test.ts",
  "test/program/renderers/renderers.engine.test.ts",
  "test/sandbox/gateways.engine.test.ts",
  "test/sandbox/up.engine.test.ts",
  "test/sandbox/replacements.engine.test.ts",
  "test/sandbox/node-pools.engine.test.ts",
  "test/sandbox/bad-settings.engine.test.ts",
].map((file) => join(import.meta.dirname, file));

const gone = longest.filter((file) => !existsSync(file));
if (gone.length > 0) throw new Error(`vitest.config.mts: there is no ${gone.join(", ")}`);

/** By itself vitest goes by size where it knows no durations yet, and a file of three lines can be among the longest. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const first = longest.flatMap((file) => sorted.filter(({ moduleId }) => moduleId === file));
    return [...first, ...sorted.filter((file) => !first.includes(file))];
  }
}

/** Tests of what registers resources, mostly with mocks: Pulumi's runtime is one for a process, and so are its mocks. */
const inRuntime = ["components", "package", "policy-pack", "program", "stacks"].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);
const withTools = ["test/**/*.engine.test.ts", "test/**/*.long.test.ts"];

/** What both kinds of unit tests have in common. */
const unit = {
  globalSetup: ["test/run/scratch.ts"],
  // By itself vitest leaves a core to itself, which is half of two.
  maxWorkers: "100%",
  testTimeout: 120_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 100_000 } },
};

/**
 * `unit`: *.test.ts, needs no tools, takes seconds. Files share what they import, which is a fifth of all their work. `program`: those that run in Pulumi's runtime, each
 * file with its own. `engine`: *.engine.test.ts, runs the real Pulumi engine, control planes
 * or azure-cli, three files at a time: each has a sandbox and network namespaces of its own, and while one waits for its cluster or its traffic, for a
 * fifth of the time, the others work. `long`: *.long.test.ts, the same with what is too long for every run, a build of minutes or states that take minutes to come.
 * Limits are those of a hang, not of a slow machine: no test is about time, and the first run builds tools that a few files need within their tests, several at once.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...unit,
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [...inRuntime, ...withTools],
          isolate: false,
        },
      },
      {
        test: { ...unit, name: "program", include: inRuntime, exclude: withTools },
      },
      {
        test: {
          name: "engine",
          include: ["test/**/*.engine.test.ts"],
          globalSetup: ["test/run/global-setup.ts", "test/run/scratch.ts"],
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          testTimeout: 1_800_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        test: {
          name: "long",
          include: ["test/**/*.long.test.ts"],
          globalSetup: ["test/run/global-setup.ts", "test/run/scratch.ts"],
          maxWorkers: 1,
          testTimeout: 1_800_000,
          hookTimeout: 1_200_000,
        },
      },
    ],
  },
});
