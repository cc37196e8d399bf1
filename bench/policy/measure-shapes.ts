/**
 * Measures reading, access and findings of Istio's policies as people write them, at one size, in a process of its own, and prints one line of
 * JSON ({@link MeasuredShape}).
 *
 *     node measure-shapes.cjs RULES SHAPE
 */
import { checkGuarantees } from "../../mesh/analysis/guarantees";
import { istioMesh } from "../../mesh/istio";
import { objectsOf } from "./shapes";

/** Milliseconds that pass, the first time as a command has it. */
export interface MeasuredShape {
  readonly access: number;
  readonly findings: number;
  /** Proving that nobody at all deletes at one Service. */
  readonly never: number;
  /** Classes of callers and services in the relation. */
  readonly entries: number;
}

/** A Service of every size. */
const to = "team-0/svc-0";

function measure(rules: number, shape: string): MeasuredShape {
  const objects = objectsOf(rules, shape);
  const start = performance.now();
  const mesh = istioMesh({ objects });
  const { entries } = mesh.access();
  const read = performance.now();
  mesh.findings();
  const found = performance.now();
  const deletes = { methods: ["DELETE"] };
  const broken = checkGuarantees(mesh, [{ name: "nobody deletes", kind: "never", from: ["*"], to, requests: deletes }]);
  if (broken.length > 0) throw new Error(broken.map(({ message }) => message).join());
  const never = performance.now() - found;
  return { access: read - start, findings: found - read, never, entries: entries.length };
}

const [size, shape = ""] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(measure(Number(size), shape))}\n`);
