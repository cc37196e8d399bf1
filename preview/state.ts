import { type Engine } from "./engine";
import { type EngineResource } from "./plan";
import { PreviewProblem } from "./problem";

/** What the engine knows of a stack. */
export interface StackState {
  readonly resources: readonly EngineResource[];
  /** Resources on which something was under way when a run was killed. */
  readonly pending: readonly EngineResource[];
}

/** Reads a stack's state. Secrets in it stay encrypted. */
export async function readState(engine: Engine, stack: string): Promise<StackState> {
  const { code, stdout, stderr } = await engine.pulumi(["stack", "export", "--stack", stack]);
  if (code !== 0) throw new PreviewProblem(`The state of stack ${stack} cannot be read: ${stderr.trim()}`);
  const { deployment } = JSON.parse(stdout) as {
    deployment: { resources?: readonly Stored[]; pending_operations?: readonly { resource: Stored }[] };
  };
  return {
    resources: (deployment.resources ?? []).map(asResource),
    pending: (deployment.pending_operations ?? []).map(({ resource }) => asResource(resource)),
  };
}

type Stored = Pick<EngineResource, "urn" | "type"> & Partial<EngineResource>;

function asResource({ urn, type, custom = false, inputs = {} }: Stored): EngineResource {
  return { urn, type, custom, inputs };
}
