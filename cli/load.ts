import { formatProblem, type Manifests } from "../mesh/manifests";
import { type AskedService, type OsmMesh, osmMesh, patternProblems } from "../mesh/osm";
import { readManifests } from "./input";
import { type Terminal } from "./terminal";

/** Reading manifests failed; the problems were printed. */
export class BadInput extends Error {
  override readonly name = "BadInput";
}

/**
 * Reads manifests and says on standard error what was assumed and what is wrong.
 *
 * @throws {BadInput} where an object cannot be read as the API server or the mesh would.
 */
export function loadMesh(terminal: Terminal, paths: readonly string[], asked: readonly AskedService[] = []): OsmMesh {
  const manifests = readManifests(paths);
  return meshOf(terminal, manifests, asked);
}

function meshOf(terminal: Terminal, manifests: Manifests, asked: readonly AskedService[]): OsmMesh {
  const mesh = osmMesh(manifests, asked);
  const problems = [...mesh.state.problems, ...patternProblems(mesh)];
  for (const problem of problems) terminal.err(`${formatProblem(problem)}\n`);
  const errors = problems.filter(({ severity }) => severity === "error").length;
  if (errors > 0) throw new BadInput(`${String(errors)} ${errors === 1 ? "error" : "errors"} in the manifests.`);
  for (const assumption of mesh.state.assumptions) terminal.err(`note: ${assumption}\n`);
  return mesh;
}
