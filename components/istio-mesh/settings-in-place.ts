import { RunError } from "@pulumi/pulumi";
import { type ApiRequest } from "../service-mesh/waiting";
import { istioControlPlaneNamespace, sharedConfigMapName } from "./mesh-settings";

/**
 * A revision takes its settings when its control plane starts: were its ConfigMap made later, its first sidecars would run
 * with Istio's defaults.
 *
 * @param starting Revisions that the update starts.
 * @throws RunError where the ConfigMap of one is not there.
 */
export async function assertSettingsInPlace(request: ApiRequest, starting: readonly string[]): Promise<void> {
  for (const revision of starting) {
    const name = sharedConfigMapName(revision);
    const { status } = await request("GET", `/api/v1/namespaces/${istioControlPlaneNamespace}/configmaps/${name}`);
    if (status !== 404) continue;
    throw new RunError(
      `Revision ${revision} of Istio cannot start yet: the ConfigMap ${name} with the mesh's settings is not in ` +
        `${istioControlPlaneNamespace}. Run \`pulumi up\` with the revisions as they run now, which makes it; then begin the upgrade.`,
    );
  }
}
