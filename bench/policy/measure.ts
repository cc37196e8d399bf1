/**
 * Measures the policy analysis at one size, in a process of its own, and prints one line of JSON ({@link Measured}).
 *
 *     node --import tsx bench/policy/measure.ts TARGETS [OBJECTS]     OBJECTS: a file to write the objects to, as JSON
 */
import { writeFileSync } from "node:fs";
import { parseManifests } from "../../mesh/manifests";
import { type Access, compile, diff } from "../../mesh";
import { osmMesh, type OsmMesh } from "../../mesh/osm";
import { assumedCluster } from "../../mesh/policy";
import { changed, policyOf } from "./generate";

/** Wall-clock milliseconds. */
interface Timing {
  /** The first time, as a command or a preview runs it: the code is not compiled yet. */
  readonly first: number;
  /** The shortest of three more. */
  readonly best: number;
}

/** What {@link measure} prints. */
export interface Measured {
  readonly targets: number;
  readonly services: number;
  /** Pairs of a caller and a service in the relation. */
  readonly entries: number;
  readonly compile: Timing;
  /** Reading the objects, and the whole access relation of them. */
  readonly access: Timing;
  /** Reading the objects' text, JSON. */
  readonly parse: Timing;
  /** All findings. */
  readonly check: Timing;
  /** The difference of two relations that are known. */
  readonly diff: Timing;
  /** The same where the changed objects come as text: reading, their relation, the difference. */
  readonly changedText: Timing;
  /** Most memory of the process up to the end of the first compile and access, in MB. */
  readonly megabytes: number;
  readonly changes: number;
}

function timing(run: () => unknown): Timing {
  const once = (): number => {
    const start = performance.now();
    run();
    return performance.now() - start;
  };
  return { first: once(), best: Math.min(once(), once(), once()) };
}

function measure(targets: number, objectsFile: string | undefined): Measured {
  const policy = policyOf(targets);
  const cluster = assumedCluster(policy);
  const relate = (): { readonly mesh: OsmMesh; readonly relation: Access } => {
    const mesh = osmMesh({ objects });
    return { mesh, relation: mesh.access() };
  };

  let start = performance.now();
  const objects = [...compile(policy, "osm"), ...cluster];
  const firstCompile = performance.now() - start;
  start = performance.now();
  const before = relate();
  const firstAccess = performance.now() - start;
  const megabytes = process.resourceUsage().maxRSS / 1000;

  const textOf = (all: typeof objects): string => all.map((object) => JSON.stringify(object)).join("\n---\n");
  const text = textOf(objects);
  if (objectsFile !== undefined) writeFileSync(objectsFile, JSON.stringify(objects));
  const parse = timing(() => parseManifests([{ name: "all.yaml", text }]));
  const check = timing(() => osmMesh({ objects }).findings());
  const changedText = textOf([...compile(changed(policy), "osm"), ...cluster]);
  // A preview knows the relation before the change; `diff` of a mesh with itself makes the tables that it compares.
  diff(before.mesh, before.mesh);
  const wholeChange = timing(() => {
    diff(before.mesh, osmMesh(parseManifests([{ name: "all.yaml", text: changedText }])));
  });
  const after = osmMesh(parseManifests([{ name: "all.yaml", text: changedText }]));
  diff(after, after);
  const changes = diff(before.mesh, after);
  return {
    targets,
    services: Object.keys(policy.services).length,
    entries: before.relation.entries.length,
    compile: { first: firstCompile, best: timing(() => compile(policy, "osm")).best },
    access: { first: firstAccess, best: timing(relate).best },
    parse,
    check,
    diff: timing(() => diff(before.mesh, after)),
    changedText: wholeChange,
    megabytes,
    changes: changes.length,
  };
}

const [size, objectsFile] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(measure(Number(size), objectsFile))}\n`);
