import { formatProblem, type Manifests, parseManifests } from "../mesh/manifests";
import { type AskedService, isMeshName, type Mesh, type MeshName, meshesOf, meshNames, meshOf } from "../mesh";
import { readManifestFiles } from "./input";
import { readCluster } from "./running-cluster";
import { type Terminal } from "./terminal";
import { UsageError } from "./usage-error";

/** Reading manifests failed; the problems were printed. */
export class BadInput extends Error {
  override readonly name = "BadInput";
}

/** Options of every command that reads objects. */
export const sourceOptions = {
  namespace: { type: "string" },
  context: { type: "string" },
  mesh: { type: "string" },
} as const;

/** Where objects come from: files, or a running cluster. */
export interface Source {
  readonly files: readonly string[];
  /** A context of the kubeconfig, instead of files. */
  readonly context?: string | undefined;
  /** Namespace of objects that name none. */
  readonly namespace?: string | undefined;
  /** The mesh that they are for. Default: the one whose objects they are. */
  readonly mesh?: string | undefined;
}

/**
 * Reads objects as they are.
 *
 * @throws {UsageError} where nothing can be read, or where nothing is there.
 */
export async function loadManifests({ files, context, namespace }: Source): Promise<Manifests> {
  if (context !== undefined && files.length > 0) {
    throw new UsageError("Name either files or --context, not both: what runs and what is written may differ.");
  }
  if (context === undefined && files.length === 0) {
    throw new UsageError(
      "Name the manifests: files, directories, - for standard input, or --context NAME for a running cluster.",
    );
  }
  if (namespace === "") throw new UsageError("--namespace wants a name.");
  const cluster = context === undefined ? undefined : await readCluster(context);
  const read = cluster === undefined ? readManifestFiles(files) : [cluster.file];
  const manifests = parseManifests(read, { ...(namespace !== undefined && { namespace }) });
  if (manifests.objects.length === 0 && manifests.problems.length === 0) {
    const where = context === undefined ? files.join(", ") : `the cluster of context ${context}`;
    throw new UsageError([`There is no Kubernetes object in ${where}.`, ...manifests.notes].join(" "));
  }
  return { ...manifests, notes: [...(cluster?.notes ?? []), ...manifests.notes] };
}

/**
 * The mesh that objects are for: the one that is named, or whose objects they are; OSM where there is none of either.
 *
 * @throws {UsageError} where there are objects of two and none is named.
 */
export function meshNameOf({ objects }: Pick<Manifests, "objects">, named: string | undefined): MeshName {
  if (named !== undefined) {
    if (isMeshName(named)) return named;
    throw new UsageError(`--mesh is ${JSON.stringify(named)}: write one of ${meshNames.join(", ")}.`);
  }
  const [first, ...others] = meshesOf(objects);
  if (first === undefined) return "osm";
  if (others.length > 0) {
    const all = [first, ...others].map(([mesh, count]) => `${String(count)} of ${mesh}`).join(" and ");
    throw new UsageError(
      `There are objects of two meshes, ${all}: say with --mesh which one runs; the others are passed over.`,
    );
  }
  return first[0];
}

/**
 * Reads objects and says on standard error what was assumed and what is wrong.
 *
 * @throws {BadInput} where an object cannot be read as the API server or the mesh would.
 */
export async function loadMesh(terminal: Terminal, source: Source, asked: readonly AskedService[] = []): Promise<Mesh> {
  const manifests = await loadManifests(source);
  const mesh = meshOf(manifests, asked, meshNameOf(manifests, source.mesh));
  sayProblems(terminal, mesh);
  return mesh;
}

/**
 * Says on standard error what was assumed and what is wrong.
 *
 * @throws {BadInput} where an object cannot be read as the API server or the mesh would.
 */
export function sayProblems(terminal: Terminal, mesh: Pick<Mesh, "problems" | "assumptions">): void {
  const { problems } = mesh;
  for (const problem of problems) terminal.err(`${formatProblem(problem)}\n`);
  const errors = problems.filter(({ severity }) => severity === "error").length;
  if (errors > 0) throw new BadInput(`${String(errors)} ${errors === 1 ? "error" : "errors"} in the manifests.`);
  for (const assumption of mesh.assumptions) terminal.err(`note: ${assumption}\n`);
}
