import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureTools } from "../sandbox/tools";
import { terminalReport } from "../sandbox/progress";

/**
 * `npm test`: everything, quickest first: unit tests, types, lint, format, then the tests with the real engine.
 * `npm test -- --quick` leaves the last part out; it needs no Go and takes a minute.
 */
const quick = process.argv.includes("--quick");
const report = terminalReport();

function step(title: string, command: string, ...args: readonly string[]): void {
  report(title);
  const { status, error } = spawnSync(process.execPath, [join("node_modules", command), ...args], { stdio: "inherit" });
  if (error !== undefined) throw error;
  if (status !== 0) {
    report(`${title}: failed`);
    process.exit(1);
  }
}

async function main(): Promise<void> {
  step("Unit tests (no tools needed)", "vitest/vitest.mjs", "run", "--project", "unit");
  step("Types", "typescript/bin/tsc", "-p", "tsconfig.check.json");
  step("Lint", "eslint/bin/eslint.js", ".", "--max-warnings", "0");
  step("Format", "prettier/bin/prettier.cjs", "--check", "--log-level", "warn", ".");
  if (quick) return;
  await ensureTools(report);
  step(
    "Engine tests (the real Pulumi, Kubernetes and OSM; about half an hour)",
    "vitest/vitest.mjs",
    "run",
    "--project",
    "engine",
  );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
