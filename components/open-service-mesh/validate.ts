import { admit, findingText } from "../../mesh/osm/admission";
import { isDnsLabel } from "../../mesh/osm/admission/metadata";
import { osmKinds } from "../../mesh/osm/kinds";
import { meshConfigSpec, type MeshSettings } from "./mesh-settings";

/**
 * Checks the arguments of OpenServiceMesh.
 *
 * @throws Error that names each property and what to write.
 */
export function assertMeshSettings(args: { namespace: string; settings: MeshSettings; timeoutSeconds: number }): void {
  const problems: string[] = [];
  if (!isDnsLabel(args.namespace)) {
    problems.push(`namespace: "${args.namespace}" is no namespace; the AKS add-on lives in kube-system.`);
  }
  if (!Number.isInteger(args.timeoutSeconds) || args.timeoutSeconds < 30) {
    problems.push(
      `readyTimeoutSeconds: ${args.timeoutSeconds} is too short or no integer; write 30 or more, e.g. 900.`,
    );
  }
  const { findings } = admit([
    {
      ...{ apiVersion: osmKinds.MeshConfig.apiVersion, kind: "MeshConfig" },
      metadata: { name: "osm-mesh-config", namespace: args.namespace },
      spec: meshConfigSpec(args.settings),
    },
  ]);
  problems.push(...findings.filter(({ severity }) => severity === "error").map(findingText));
  if (problems.length > 0) {
    throw new Error(problems.join("\n"));
  }
}
