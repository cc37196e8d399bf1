import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { type IstioKind } from "../../mesh/istio/kinds";
import { type JsonObject } from "../../mesh/manifests";
import { type Judge } from "..";
import { openIstioJudge } from "../istio-judge";
import { OptionError, randomCaseOptions, runToExitCode, wholeNumber } from "../run-options";
import { isEverRefused, ourRefusals, refusalsOfIstio } from "./compare";
import { admittedKinds, arbitraryObject } from "./draw";
import { smaller } from "./smaller";

/** Objects sent to the judge at once. */
const batch = 500;

/**
 * `npm run judge:admission -- [KIND…] --cases N --seed S`: random objects of Istio's kinds, so many of each, held against our admission and against the
 * CustomResourceDefinitions and istiod's own validation. Prints the smallest objects about which they differ.
 */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      ...randomCaseOptions(2000),
      /** How many different objects are shown of a kind. */
      limit: { type: "string", default: "10" },
    },
  });
  const cases = wholeNumber(values, "cases");
  const seed = wholeNumber(values, "seed");
  const limit = wholeNumber(values, "limit");
  const wanted = positionals.map((name) => {
    const kind = admittedKinds.find((one) => one === name);
    if (kind === undefined) throw new OptionError(`${name} is no kind; write some of ${admittedKinds.join(", ")}.`);
    return kind;
  });
  const judge = await openIstioJudge((message) => process.stderr.write(`${message}\n`));
  let wrong = 0;
  try {
    for (const kind of wanted.length > 0 ? wanted : admittedKinds)
      wrong += await compare(judge, kind, { cases, seed, limit });
  } finally {
    await judge.close();
  }
  return wrong === 0 ? 0 : 1;
}

async function compare(
  judge: Judge,
  kind: IstioKind,
  { cases, seed, limit }: { readonly cases: number; readonly seed: number; readonly limit: number },
): Promise<number> {
  const counts = { taken: 0, refused: 0, wrong: 0 };
  const shown = new Set<string>();
  for (let round = 0; round * batch < cases; round += 1) {
    const objects = fc.sample(arbitraryObject(kind), {
      seed: seed + round,
      numRuns: Math.min(batch, cases - round * batch),
    });
    const theirs = await refusalsOfIstio(judge, objects);
    for (const [index, object] of objects.entries()) {
      const ours = ourRefusals(object).length > 0;
      const refused = theirs[index] !== undefined || (ours && (await isEverRefused(judge, object)));
      if (ours === refused) {
        counts[refused ? "refused" : "taken"] += 1;
        continue;
      }
      counts.wrong += 1;
      if (shown.size >= limit) continue;
      const small = await smaller(object, (ones) => differing(judge, ones, ours));
      const [error] = await refusalsOfIstio(judge, [small]);
      const reason = `${ourRefusals(small).join("; ") || "takes it"}\n  real Istio: ${error ?? "takes it"}`;
      // What differs for one reason is shown once.
      const gist = reason.replace(/"[^"]*"|\d+|x{9,}|\w+\/[^\s/]*\/shop/g, "…");
      if (shown.has(gist)) continue;
      shown.add(gist);
      process.stdout.write(`${JSON.stringify(small["spec"])}\n  ours:       ${reason}\n`);
    }
  }
  process.stdout.write(
    `${kind}, seed ${String(seed)}: taken by both ${String(counts.taken)}, refused by both ${String(counts.refused)}, disagreements ${String(counts.wrong)}\n`,
  );
  return counts.wrong;
}

/** Whether the two still differ about each object, in the same way. */
async function differing(judge: Judge, objects: readonly JsonObject[], ours: boolean): Promise<readonly boolean[]> {
  const theirs = await refusalsOfIstio(judge, objects);
  return objects.map(
    (object, index) => ourRefusals(object).length > 0 === ours && (theirs[index] !== undefined) !== ours,
  );
}

runToExitCode(main);
