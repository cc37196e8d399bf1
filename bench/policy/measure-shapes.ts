/**
 * Measures reading, access and findings of Istio's policies as people write them, at one size, in a process of its own, and prints one line of
 * JSON ({@link MeasuredShape}).
 *
 *     node measure-shapes.cjs RULES SHAPE
 */
import { istioMesh } from "../../mesh/istio";
import { objectsOf } from "./shapes";

/** Milliseconds that pass, the first time as a command has it. */
export interface MeasuredShape {
  readonly access: number;
  readonly findings: number;
  /** Classes of callers and services in the relation. */
  readonly entries: number;
}

function measure(rules: number, shape: string): MeasuredShape {
  const objects = objectsOf(rules, shape);
  const start = performance.now();
  const mesh = istioMesh({ objects });
  const { entries } = mesh.access();
  const read = performance.now();
  mesh.findings();
  return { access: read - start, findings: performance.now() - read, entries: entries.length };
}

const [size, shape = ""] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(measure(Number(size), shape))}\n`);
