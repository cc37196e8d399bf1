/**
 * Mutation tests: changes the product's code in small ways, one at a time, in a copy of the checkout, and looks whether the
 * unit tests notice.
 *
 *     npm run mutate -- [--sample N] [--seed S] [--only TEXT]     default: 60 mutants of all, with seed 1
 *
 * Ends with 0 whatever survives: a survivor is a question, not a failure. What was found is in docs/mutation-tests.md.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { type Mutant, mutantsOf } from "./mutants";

const root = path.resolve(__dirname, "..", "..");

/** Tests of the commands that run in the test's own process, or nearly so. */
const commandTests = ["aks-mesh", "picture/html", "picture/svg", "cases", "inputs", "requests"].map(
  (name) => `test/cli/${name}.test.ts`,
);
const previewTests = ["bounds", "isolation", "plan", "reaches"].map((name) => `test/preview/${name}.test.ts`);

/** Files that are mutated, and the tests that have to notice. */
const subjects: readonly { readonly files: readonly string[]; readonly tests: readonly string[] }[] = [
  {
    files: [
      "call-tree",
      "decide",
      "diff",
      "fingerprint",
      "guarantees",
      "outcome-sets",
      "outside",
      "resolve",
      "summary",
    ].map((name) => `mesh/analysis/${name}.ts`),
    tests: ["test/mesh/analysis", "test/mesh/osm/claims.test.ts", "test/mesh/policy", ...commandTests],
  },
  {
    files: ["access-json", "access", "check", "decide", "diff", "explain"].map((name) => `cli/${name}.ts`),
    tests: commandTests,
  },
  { files: ["bounds", "isolation", "plan", "reaches"].map((name) => `preview/${name}.ts`), tests: previewTests },
];

/** Milliseconds after which a mutant counts as noticed: it never ends. */
const hangsAfter = 600_000;

/** A copy of the checkout that may be changed; its packages are the checkout's own. */
function copyOfCheckout(): string {
  const copy = mkdtempSync(path.join(tmpdir(), "aks-mesh-mutants-"));
  const left = new Set(["node_modules", ".git", ".sandbox"]);
  cpSync(root, copy, { recursive: true, filter: (source) => !left.has(path.basename(source)) });
  symlinkSync(path.join(root, "node_modules"), path.join(copy, "node_modules"));
  return copy;
}

/** Whether the tests pass in a copy. */
function pass(copy: string, tests: readonly string[]): boolean {
  const vitest = path.join("node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", "--project=unit", "--project=program", "--bail", "1", "--reporter=dot", ...tests];
  const { status } = spawnSync(process.execPath, args, { cwd: copy, stdio: "ignore", timeout: hangsAfter });
  return status === 0;
}

function main(): void {
  const { values } = parseArgs({
    options: {
      sample: { type: "string", default: "60" },
      seed: { type: "string", default: "1" },
      only: { type: "string", default: "" },
    },
  });
  const all = subjects.flatMap(({ files, tests }) =>
    files
      .filter((file) => file.includes(values.only))
      .flatMap((file) =>
        mutantsOf(file, readFileSync(path.join(root, file), "utf8")).map((mutant) => ({ mutant, tests })),
      ),
  );
  const count = Math.min(Number(values.sample), all.length);
  const drawn = fc.shuffledSubarray([...all], { minLength: count, maxLength: count });
  const [chosen = []] = fc.sample(drawn, { seed: Number(values.seed), numRuns: 1 });
  const copy = copyOfCheckout();
  const survivors: Mutant[] = [];
  try {
    for (const tests of new Set(chosen.map((one) => one.tests))) {
      if (!pass(copy, tests)) throw new Error(`${tests.join(", ")} fail without any mutant: mend them first.`);
    }
    for (const [index, { mutant, tests }] of chosen.entries()) {
      const file = path.join(copy, mutant.file);
      const original = readFileSync(file, "utf8");
      writeFileSync(file, mutant.text);
      const survived = pass(copy, tests);
      writeFileSync(file, original);
      if (survived) survivors.push(mutant);
      const { line, from, to } = mutant;
      const change = `${from} → ${to}`.replace(/\s+/g, " ").slice(0, 120);
      console.log(
        `${String(index + 1)}/${String(count)} ${survived ? "SURVIVED" : "noticed "} ${mutant.file}:${String(line)} ${change}`,
      );
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  const noticed = count - survivors.length;
  console.log(
    `${String(noticed)} of ${String(count)} mutants noticed (of ${String(all.length)} that there are; seed ${values.seed}).`,
  );
}

main();
