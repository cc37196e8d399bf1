import { type Engine } from "./engine";
import { type EngineResource } from "./plan";
import { PreviewProblem } from "./problem";

/** Reads the resources of a stack's state. Secrets in it stay encrypted. */
export async function readState(engine: Engine, stack: string): Promise<readonly EngineResource[]> {
  const { code, stdout, stderr } = await engine.pulumi(["stack", "export", "--stack", stack]);
  if (code !== 0) throw new PreviewProblem(`The state of stack ${stack} cannot be read: ${stderr.trim()}`);
  const { deployment } = JSON.parse(stdout) as { deployment: { resources?: readonly Stored[] } };
  return (deployment.resources ?? []).map(asResource);
}

type Stored = Pick<EngineResource, "urn" | "type"> & Partial<EngineResource>;

function asResource({ urn, type, custom = false, inputs = {} }: Stored): EngineResource {
  return { urn, type, custom, inputs };
}
