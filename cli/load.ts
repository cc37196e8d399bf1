import { formatProblem, type Manifests, parseManifests } from "../mesh/manifests";
import { type AskedService, canariesNotExpanded, type Mesh, meshOf } from "../mesh";
import { readManifestFiles } from "./input";
import { meshNameOf, meshNotes } from "./mesh-name";
import { readCluster } from "./running-cluster";
import { type Terminal } from "./terminal";
import { BadInput, UsageError } from "./usage-error";

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
export async function loadManifests({ files, context, namespace, mesh }: Source): Promise<Manifests> {
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
  return { ...manifests, notes: [...(cluster?.notes ?? []), ...manifests.notes, ...meshNotes(manifests, mesh)] };
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
  // `check` has it among the findings.
  for (const { object = "", message } of canariesNotExpanded(manifests)) terminal.err(`note: ${object}: ${message}\n`);
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
