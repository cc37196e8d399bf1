import { type ProjectEngine } from "./engine";
import { type EngineResource } from "./plan";
import { type BaseStack } from "./planned";
import { PreviewProblem } from "./problem";

/** Reads the resources of a stack's state. Secrets in it stay encrypted. */
export async function readState(
  engine: Pick<ProjectEngine, "pulumi">,
  stack: string,
): Promise<readonly EngineResource[]> {
  const { code, stdout, stderr } = await engine.pulumi(["stack", "export", "--stack", stack]);
  if (code !== 0) throw new PreviewProblem(`The state of stack ${stack} cannot be read: ${stderr.trim()}`);
  return storedIn(JSON.parse(stdout)).map(asResource);
}

/** What an exported state says of a stack. */
export function baseStackOf(stack: string, exported: object): BaseStack {
  const stored = storedIn(exported);
  const { resourceGroupName, clusterName } = stored.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
  const resources = stored.map(asResource);
  if (typeof resourceGroupName !== "string" || typeof clusterName !== "string") return { stack, resources };
  return { stack, resources, cluster: { resourceGroupName, clusterName } };
}

type Stored = Pick<EngineResource, "urn" | "type"> &
  Partial<EngineResource> & { readonly outputs?: Readonly<Record<string, unknown>> };

function storedIn(exported: unknown): readonly Stored[] {
  const { deployment } = exported as { deployment: { resources?: readonly Stored[] } };
  return deployment.resources ?? [];
}

function asResource({ urn, type, custom = false, inputs = {} }: Stored): EngineResource {
  return { urn, type, custom, inputs };
}
