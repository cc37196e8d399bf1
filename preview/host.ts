import { type HostCluster } from "../program/previews/settings";
import { type Engine } from "./engine";
import { PreviewProblem } from "./problem";
import { type ClusterPlace } from "./report";

/** A stack's outputs, by name; undefined where there is no such stack. */
async function outputsOf(
  engine: Pick<Engine, "pulumi">,
  stack: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { code, stdout, stderr } = await engine.pulumi(["stack", "output", "--json", "--stack", stack]);
  if (code === 0) return JSON.parse(stdout) as Record<string, unknown>;
  if (/no stack named/.test(stderr)) return undefined;
  throw new PreviewProblem(`The outputs of stack ${stack} cannot be read: ${stderr.trim()}`);
}

function placeIn({ resourceGroupName, clusterName }: Readonly<Record<string, unknown>>): ClusterPlace | undefined {
  if (typeof resourceGroupName !== "string" || typeof clusterName !== "string") return undefined;
  return { resourceGroupName, clusterName };
}

/**
 * Where the cluster of the stack that previews share is, whatever mesh it has.
 *
 * @param engine knows that stack.
 * @returns undefined where there is no such stack, or where it has no cluster.
 * @throws {PreviewProblem} where the outputs cannot be read.
 */
export async function hostPlaceOf(engine: Pick<Engine, "pulumi">, stack: string): Promise<ClusterPlace | undefined> {
  const outputs = await outputsOf(engine, stack);
  return outputs && placeIn(outputs);
}

/**
 * The cluster of the stack that previews share, as that stack's outputs say.
 *
 * @param engine knows that stack.
 * @returns undefined where there is no such stack, or where it has no cluster with a mesh.
 * @throws {PreviewProblem} where the outputs cannot be read, and while the cluster is between two meshes.
 */
export async function hostOf(engine: Pick<Engine, "pulumi">, stack: string): Promise<HostCluster | undefined> {
  const outputs = (await outputsOf(engine, stack)) ?? {};
  const place = placeIn(outputs);
  const { meshVersion, meshRevision, meshRevisionTag, meshMigration } = outputs;
  if (meshMigration !== undefined) {
    throw new PreviewProblem(
      `Stack ${stack} is on its way from one mesh to another, and between the two no policy of a preview would hold. Try again once ` +
        `\`npx aks-mesh migrate --stack ${stack}\` has come to its end.`,
    );
  }
  if (place === undefined || typeof meshVersion !== "string") return undefined;
  return {
    ...place,
    meshVersion,
    ...(typeof meshRevision === "string" && { meshRevision }),
    ...(typeof meshRevisionTag === "string" && meshRevisionTag !== "" && { meshRevisionTag }),
  };
}
