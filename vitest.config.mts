import { defineConfig } from "vitest/config";

/**
 * `unit`: *.test.ts, needs no tools, takes seconds. `engine`: *.engine.test.ts, runs the real Pulumi engine, control planes
 * or azure-cli, two files at a time: each has a sandbox and network namespaces of its own, and while one waits for its cluster the
 * other works. `long`: *.long.test.ts, the same with what is too long for every run, a build of minutes or states that take minutes to come.
 * Limits are those of a hang, not of a slow machine: no test is about time.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.engine.test.ts", "test/**/*.long.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: { poll: { timeout: 100_000 } },
        },
      },
      {
        test: {
          name: "engine",
          include: ["test/**/*.engine.test.ts"],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 900_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        test: {
          name: "long",
          include: ["test/**/*.long.test.ts"],
          maxWorkers: 1,
          testTimeout: 1_800_000,
          hookTimeout: 1_200_000,
        },
      },
    ],
  },
});
