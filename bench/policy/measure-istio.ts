/**
 * Measures the analysis of Istio at one size, in a process of its own, and prints one line of JSON ({@link MeasuredIstio}).
 *
 *     node measure-istio.cjs RULES [ANSWERS]     ANSWERS: a file to write all the answers to, as JSON
 */
import { writeFileSync } from "node:fs";
import { compile, diff } from "../../mesh";
import { convertManifests, proofOf } from "../../mesh/convert";
import { istioMesh } from "../../mesh/istio";
import { parseManifests } from "../../mesh/manifests";
import { assumedCluster } from "../../mesh/policy";
import { changed, policyOf } from "./generate";

/** Milliseconds of CPU time, the collection of garbage on other threads included; of a first run, as a command or a preview has it. */
export interface MeasuredIstio {
  readonly rules: number;
  readonly services: number;
  /** Callers and services of the relation. */
  readonly entries: number;
  /** Compiling a policy to Istio's objects. */
  readonly compile: number;
  /** Reading the objects, and the whole access relation of them. */
  readonly access: number;
  /** Milliseconds that pass for both of these: the first time, and the shorter of two more. */
  readonly clock: { readonly first: number; readonly best: number };
  /** All findings. */
  readonly findings: number;
  /** The difference to a policy of which one rule changed: both relations are known. */
  readonly diff: number;
  /** Reading the changed objects, their relation, and the difference. */
  readonly changed: number;
  /** OSM's objects read and converted. */
  readonly convert: number;
  /** Reading both sides' objects and comparing all that passes. */
  readonly prove: number;
  /** Most memory of the process up to the end of compile and access, and up to the end of the proof, in MB. */
  readonly megabytes: number;
  readonly allMegabytes: number;
  readonly changes: number;
  /** Differences that the proof found: 0 where the conversion is equal. */
  readonly unequal: number;
}

function timed<R>(run: () => R): { readonly result: R; readonly time: number; readonly clock: number } {
  const before = process.cpuUsage();
  const start = performance.now();
  const result = run();
  const clock = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { result, time: (user + system) / 1000, clock };
}

const peak = (): number => process.resourceUsage().maxRSS / 1000;

function measure(rules: number, answersFile: string | undefined): MeasuredIstio {
  const policy = policyOf(rules, "istio");
  const cluster = assumedCluster(policy);
  const compiled = timed(() => compile(policy, "istio"));
  const objects = [...compiled.result, ...cluster];
  const access = timed(() => {
    const mesh = istioMesh({ objects });
    return { mesh, relation: mesh.access() };
  });
  const megabytes = peak();
  const again = (): number => {
    const made = timed(() => compile(policyOf(rules, "istio"), "istio"));
    const same = [...made.result, ...cluster];
    return made.clock + timed(() => istioMesh({ objects: same }).access()).clock;
  };
  const clock = { first: compiled.clock + access.clock, best: Math.min(again(), again()) };
  const before = access.result.mesh;
  const findings = timed(() => before.findings());

  const changedObjects = [...compile(changed(policy), "istio"), ...cluster];
  const change = timed(() => {
    const mesh = istioMesh({ objects: changedObjects });
    mesh.access();
    return { mesh, compared: timed(() => diff(before, mesh)) };
  });

  const osm = parseManifests([
    {
      name: "osm.json",
      text: JSON.stringify({ apiVersion: "v1", kind: "List", items: [...compile(policy, "osm"), ...cluster] }),
    },
  ]);
  const converted = timed(() => convertManifests(osm));
  const proof = timed(() => proofOf(osm, converted.result));
  if (answersFile !== undefined) {
    const { objects: written, open, refused, said } = converted.result;
    writeFileSync(
      answersFile,
      JSON.stringify({
        compiled: compiled.result,
        access: access.result.relation,
        findings: findings.result,
        changes: change.result.compared.result,
        conversion: { written, open, refused, said },
        proof: proof.result,
      }),
    );
  }
  return {
    rules,
    services: Object.keys(policy.services).length,
    entries: access.result.relation.entries.reduce((sum, { callers }) => sum + callers.length, 0),
    compile: compiled.time,
    access: access.time,
    clock,
    findings: findings.time,
    diff: change.result.compared.time,
    changed: change.time,
    convert: converted.time,
    prove: proof.time,
    megabytes,
    allMegabytes: peak(),
    changes: change.result.compared.result.length,
    unequal: proof.result.changes.length + proof.result.expected.length,
  };
}

const [size, answersFile] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(measure(Number(size), answersFile))}\n`);
