import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { terminalReport } from "../sandbox/progress";
import { ensureTools } from "../sandbox/tools";
import { goEnvironment } from "../sandbox/tools/build";
import { ensureIstio } from "../sandbox/tools/istio";

/**
 * `npm test`: everything, quickest first: unit tests, types, lint, format, then the tests with the real engine.
 * `npm test -- --quick` leaves the last part out; it needs no Go.
 */
const quick = process.argv.includes("--quick");
const report = terminalReport();
const results = mkdtempSync(join(tmpdir(), "aks-mesh-results-"));
let passed = 0;
let failed = 0;

/** A command of an installed package, its file first. */
type Command = readonly [file: string, ...args: readonly string[]];

/** What is checked of the text alone. */
const checks: readonly { readonly title: string; readonly command: Command }[] = [
  { title: "Types", command: ["typescript/bin/tsc", "-p", "tsconfig.check.json"] },
  { title: "Types of the picture's page", command: ["typescript/bin/tsc", "-p", join("cli", "picture", "page")] },
  { title: "Lint", command: ["eslint/bin/eslint.js", ".", "--max-warnings", "0"] },
  { title: "Format", command: ["prettier/bin/prettier.cjs", "--check", "--log-level", "warn", "."] },
];

/** Runs a check to its end, and shows what it said then. @returns whether it went well. */
function checked({ title, command: [file, ...args] }: (typeof checks)[number]): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const line = [join("node_modules", file), ...args];
    execFile(process.execPath, line, { maxBuffer: 1e9 }, (error, stdout, stderr) => {
      report(`${title}: ${error === null ? "well" : "not well"}`);
      process.stdout.write(stdout + stderr);
      // A number where the command ran, and ended so.
      if (error !== null && typeof error.code !== "number") reject(error);
      else resolve(error === null);
    });
  });
}

/** Runs the checks, all at the same time: each keeps about one core busy. @returns whether all went well. */
async function allChecked(): Promise<boolean> {
  report(checks.map(({ title }) => title).join(", "));
  return (await Promise.all(checks.map(checked))).every(Boolean);
}

/** Runs some of vitest's projects and adds up their tests. */
function tests(title: string, ...projects: string[]): boolean {
  report(title);
  const file = join(results, `${projects.join("-")}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile=${file}`];
  const line = [
    join("node_modules", "vitest", "vitest.mjs"),
    "run",
    ...projects.map((name) => `--project=${name}`),
    ...reporters,
  ];
  const { status, error } = spawnSync(process.execPath, line, { stdio: "inherit" });
  if (error !== undefined) throw error;
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(file, "utf8")) as Results;
  passed += numPassedTests;
  failed += numFailedTests;
  showLongest(testResults);
  return status === 0;
}

/** What vitest writes of a run, as far as it is read; times in milliseconds. */
interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly name: string; readonly startTime: number; readonly endTime: number }[];
}

/** Says which files took a minute and more: where a run becomes too long, and for the order in vitest.config.mts. */
function showLongest(files: Results["testResults"]): void {
  const longest = files
    .map(({ name, startTime, endTime }) => ({ name: relative("", name), seconds: (endTime - startTime) / 1000 }))
    .filter(({ seconds }) => seconds >= 60)
    .sort((a, b) => b.seconds - a.seconds);
  for (const { name, seconds } of longest) console.log(`${seconds.toFixed(0).padStart(6)} s  ${name}`);
}

/** An event of `go test -json`, as far as it is read. */
interface GoTestEvent {
  readonly Action: string;
  readonly Test?: string;
  readonly Output?: string;
}

/** Runs a judge's tests in Go and adds them up; their output is shown where one fails. */
function goTests(title: string, mesh: string, packages: string): boolean {
  report(title);
  const { status, error, stdout } = spawnSync("go", ["test", "-trimpath", "-mod=readonly", "-json", packages], {
    cwd: join("judge", mesh),
    env: goEnvironment(),
    encoding: "utf8",
    maxBuffer: 1e9,
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (error !== undefined) throw error;
  const events = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as GoTestEvent);
  const ended = (action: string): number =>
    events.filter(({ Action, Test }) => Action === action && Test !== undefined).length;
  passed += ended("pass");
  failed += ended("fail");
  if (status !== 0) process.stdout.write(events.map(({ Output = "" }) => Output).join(""));
  return status === 0;
}

async function main(): Promise<boolean> {
  const inner = tests("Unit tests (no tools needed)", "unit", "program") && (await allChecked());
  if (!inner || quick) return inner;
  await ensureTools(report);
  await ensureIstio(report);
  if (!goTests("Tests of the judge, in Go (a minute or two the first time)", "osm", "./...")) return false;
  // The rest of Istio's judge is tested with its control plane, among the engine tests.
  if (!goTests("Tests of Istio's judge, in Go", "istio", "./internal/envoy")) return false;
  return tests("Engine tests: the real Pulumi, Kubernetes, OSM and azure-cli (half an hour and more)", "engine");
}

main()
  .then((well) => {
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = well ? 0 : 1;
  })
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  })
  .finally(() => rmSync(results, { recursive: true, force: true }));
