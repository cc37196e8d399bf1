import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(__dirname, "..", "..");

/** Ends with an error as Pulumi's host sees it, which has Node.js colour its trace. */
const program = `
  const { inspect } = require("node:util");
  process.on("unhandledRejection", (error) => {
    console.log(inspect(error, { colors: true }));
    process.exit(0);
  });
  require(${JSON.stringify(join(root, "recovery", "short-traces.ts"))}).shortenTraces();
  const error = new Error("refused");
  error.stack = [
    "Error: refused",
    "    at deploy (/shop/index.ts:38:9)",
    "    at inPackage (/shop/node_modules/@pulumi/pulumi/cmd/run/run.js:579:20)",
    "    at initialize (/shop/node_modules/@pulumi/resource.ts:1598:22)",
  ].join("\\n");
  Promise.reject(error);
`;

it("an error that ends the program is told at once, whatever Pulumi's source maps make of its trace", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", "-e", program], {
    cwd: root,
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toContain("refused");
  expect(stdout).toContain("/shop/index.ts:38:9");
  expect(stdout).toContain("run.js:579:20");
  expect(stdout).not.toContain("resource.ts");
});
