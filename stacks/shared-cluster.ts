import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import { type MeshCluster } from "./mesh-cluster";

/**
 * The cluster that another stack of this project made. Nothing of it belongs to this stack: neither the cluster nor the mesh
 * and its settings.
 *
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
  return {
    clusterName: output("clusterName"),
    meshVersion: output("meshVersion"),
    options: { provider: new Provider(name, { kubeconfig: pulumi.secret(output("kubeconfig")) }) },
  };
}
