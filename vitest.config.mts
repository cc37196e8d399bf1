import { defineConfig } from "vitest/config";

/**
 * `unit`: *.test.ts, needs no tools, takes seconds. `engine`: *.engine.test.ts, runs the real Pulumi engine, control planes
 * or azure-cli, one file at a time.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.engine.test.ts"],
        },
      },
      {
        test: {
          name: "engine",
          include: ["test/**/*.engine.test.ts"],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
