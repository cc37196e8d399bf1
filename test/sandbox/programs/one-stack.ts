import { KubeconfigLogin, PrincipalType } from "../../../components/aks-cluster/enums";
import { type StackDefinition } from "../../../program/definition";
import { ownCluster } from "../../../program/own-cluster";
import { type Settings } from "../../../program/settings";
import { stackApplication } from "../../../program/stack-application";
import { stackAutoscaling } from "../../../program/stack-autoscaling";
import { stackObservability } from "../../../program/stack-observability";

/** What a test program says of its only stack. */
interface OneStack {
  /** Name of the resource group, and of the cluster. */
  readonly name: string;
  readonly definition: StackDefinition;
  readonly settings: Pick<Settings, "mesh" | "prometheus">;
}

/** A stack as this project's program makes one, without what only its settings and previews bring. */
export async function oneStack({ name, definition, settings: own }: OneStack) {
  const settings: Settings = {
    ...{ location: "westeurope", owner: "nobody", meshRevisions: [], registerFeature: true, kiali: false },
    ...{ kubernetesVersion: "1.34", administrators: [], authorizedIpRanges: [], privateCluster: false },
    ...{ kubeconfigLogin: KubeconfigLogin.ServicePrincipal, deployer: PrincipalType.ServicePrincipal },
    ...own,
  };
  const cluster = await ownCluster({ name, definition, settings, tags: {} });
  const application = await stackApplication({
    ...{ name, definition, cluster, settings },
    ...{ previewed: undefined, previewIdentity: undefined },
  });
  const namespaces = application.namespaceNames;
  const seen = stackObservability({ name, definition, settings, cluster, namespaces, tags: {} });
  stackAutoscaling({ name, definition, cluster, deployments: application.scaled, seen });
  const { resourceGroupName, clusterName, kubeconfig } = cluster;
  return { application, cluster: { resourceGroupName, clusterName, kubeconfig } };
}
