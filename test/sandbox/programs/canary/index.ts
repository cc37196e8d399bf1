import * as pulumi from "@pulumi/pulumi";
import { KubeconfigLogin, PrincipalType } from "../../../../components/aks-cluster/enums";
import { type StackDefinition } from "../../../../program/definition";
import { ownCluster } from "../../../../program/own-cluster";
import { type Settings } from "../../../../program/settings";
import { stackApplication } from "../../../../program/stack-application";
import { stackObservability } from "../../../../program/stack-observability";
import { dev } from "../../../../stacks/dev";
import { canaryBookstore } from "../../canary-bookstore";

const config = new pulumi.Config();
const told = { VERSION: config.require("version"), FAIL_PERCENT: String(config.requireNumber("failPercent")) };

const definition: StackDefinition = {
  ...dev,
  observability: { prometheus: "cluster" },
  application: canaryBookstore({
    environment: told,
    // Thrice Prometheus's interval here: what is counted at its first scrape is no increase yet, so that a first look may have no answer.
    analysis: { interval: "15s", threshold: 3, stepWeights: [30, 60] },
  }),
};
const settings: Settings = {
  ...{ location: "westeurope", owner: "nobody", mesh: "osm", meshRevisions: [], registerFeature: true },
  ...{ kubernetesVersion: "1.34", administrators: [], authorizedIpRanges: [], privateCluster: false, kiali: false },
  ...{ kubeconfigLogin: KubeconfigLogin.ServicePrincipal, deployer: PrincipalType.ServicePrincipal },
};

async function deploy() {
  const name = "canary";
  const cluster = await ownCluster({ name, definition, settings, tags: {} });
  const application = await stackApplication({
    ...{ name, definition, cluster, settings },
    ...{ previewed: undefined, previewIdentity: undefined },
  });
  const namespaces = application.namespaceNames;
  stackObservability({ name, definition, settings, cluster, namespaces, tags: {} });
  const { resourceGroupName, clusterName, kubeconfig } = cluster;
  return { resourceGroupName, clusterName, kubeconfig, access: application.access };
}

export = deploy();
