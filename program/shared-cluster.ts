import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import { type MeshCluster } from "./mesh-cluster";

/**
 * The cluster that another stack of this project made. Nothing of it belongs to this stack: neither the cluster nor the mesh
 * and its settings.
 *
 * @throws RunError in its outputs, where that cluster cannot be shared.
 * @param stack Name of the other stack, whose outputs say how to get in.
 */
export function sharedCluster(name: string, stack: string): MeshCluster {
  const reference = new pulumi.StackReference(`${pulumi.getOrganization()}/${pulumi.getProject()}/${stack}`);
  const output = (key: string): pulumi.Output<string> =>
    reference.getOutput(key).apply((value: unknown) => {
      if (typeof value === "string") return value;
      throw new pulumi.RunError(
        `Stack ${stack} has no output "${key}": its cluster is not up. Run \`pulumi up --stack ${stack}\` first, or name another stack.`,
      );
    });
  const clusterName = pulumi
    .all([output("clusterName"), reference.getOutput("meshRevision")])
    .apply(([found, revision]) => {
      if (revision === undefined) return found;
      throw new pulumi.RunError(
        `Stack ${stack} runs Istio, and a preview in its cluster is proved to be apart by objects of Open Service Mesh alone. Give the ` +
          "preview a cluster of its own: `npx aks-mesh preview up --cluster own`.",
      );
    });
  return {
    clusterName,
    meshVersion: output("meshVersion"),
    options: { provider: new Provider(name, { kubeconfig: pulumi.secret(output("kubeconfig")) }) },
  };
}
