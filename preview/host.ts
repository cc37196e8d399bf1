import { type HostCluster } from "../program/previews/settings";
import { baseOf, type Engine } from "./engine";
import { PreviewProblem } from "./problem";

/**
 * The cluster of the stack that previews share, as that stack's outputs say.
 *
 * @returns undefined where there is no such stack, or where it has no cluster.
 * @throws {PreviewProblem} where the outputs cannot be read, or where previews cannot share the cluster.
 */
export async function hostOf(engine: Engine, stack: string): Promise<HostCluster | undefined> {
  const { code, stdout, stderr } = await baseOf(engine).pulumi(["stack", "output", "--json", "--stack", stack]);
  if (code !== 0) {
    if (/no stack named/.test(stderr)) return undefined;
    throw new PreviewProblem(`The outputs of stack ${stack} cannot be read: ${stderr.trim()}`);
  }
  const { resourceGroupName, clusterName, meshVersion, meshRevision } = JSON.parse(stdout) as Record<string, unknown>;
  if (
    typeof resourceGroupName !== "string" ||
    typeof clusterName !== "string" ||
    (typeof meshVersion !== "string" && typeof meshRevision !== "string")
  ) {
    return undefined;
  }
  if (typeof meshVersion !== "string" || meshRevision !== undefined) {
    throw new PreviewProblem(
      `Stack ${stack} runs Istio, and a preview in its cluster is proved to be apart by objects of Open Service Mesh alone. Give the ` +
        "preview a cluster of its own: `npx aks-mesh preview up --cluster own`.",
    );
  }
  return { resourceGroupName, clusterName, meshVersion };
}
