import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { refuseUnknownKeys } from "./program/config-keys";
import { ownCluster } from "./program/own-cluster";
import { readPreviewSettings } from "./program/previews/settings";
import { previewFence, previewIdentity } from "./program/previews/fence";
import { previewTags } from "./program/previews/tags";
import { previewTargets } from "./program/previews/targets";
import { readSettings } from "./program/settings";
import { sharedCluster } from "./program/shared-cluster";
import { stackApplication } from "./program/stack-application";
import { stackDefinition } from "./program/stack-definition";
import { stackAutoscaling } from "./program/stack-autoscaling";
import { assertKiali, stackKiali } from "./program/stack-kiali";
import { stackObservability } from "./program/stack-observability";
import { stackTracing } from "./program/stack-tracing";
import { endWithEngine } from "./recovery/end-with-engine";

endWithEngine();

refuseUnknownKeys(readFileSync(join(__dirname, "Pulumi.yaml"), "utf8"), Object.keys(pulumi.runtime.allConfig()));

const stack = pulumi.getStack();
const config = new pulumi.Config();
const settings = readSettings(config, process.env);
const previewed = readPreviewSettings(stack, config);

const name = `${pulumi.getProject()}-${stack}`;
const tags = {
  project: pulumi.getProject(),
  stack,
  owner: settings.owner,
  ...(previewed === undefined ? {} : previewTags(previewed)),
};

const definition = stackDefinition(stack, previewed, settings);
assertKiali(settings, definition);

async function deploy(): Promise<Record<string, unknown>> {
  const cluster =
    previewed?.host === undefined
      ? await ownCluster({ name, definition, settings, tags })
      : sharedCluster(name, previewed.host, settings.kubeconfigLogin);
  if (previewed?.host !== undefined) previewTargets(previewed, cluster.options);
  if (previewed === undefined) previewFence(name, stack, config, settings.mesh, cluster.options);
  const application = await stackApplication({
    ...{ name, definition, cluster, previewed, settings },
    previewIdentity: previewIdentity(config),
  });
  const { namespaceNames } = application;
  const seen = stackObservability({ name, definition, settings, cluster, namespaces: namespaceNames, tags });

  stackAutoscaling({ name, definition, cluster, deployments: application.scaled, seen });
  const kiali = stackKiali({ name, settings, cluster, seen });
  const traced = stackTracing({ name, definition, cluster, namespaces: namespaceNames });

  const outputs = {
    resourceGroupName: cluster.resourceGroupName,
    clusterName: cluster.clusterName,
    kubeconfig: cluster.kubeconfig,
    meshVersion: cluster.meshVersion,
    meshRevision: cluster.meshRevision,
    meshRevisionTag: cluster.meshRevisionTag,
    meshMigration: settings.meshMigration,
    namespaces: application.namespaces,
    // Between two meshes nobody enforces it.
    access: settings.meshMigration === undefined ? application.access : undefined,
    addresses: application.addresses,
    front: application.front,
    rollouts: application.rollouts,
    canaries: application.canaries,
    metrics: seen?.queryEndpoint,
    grafana: seen?.grafanaAddress,
    traces: traced?.queryAddress,
    kiali: kiali?.access,
    preview: previewed,
  };

  // Outputs that a kind of stack does not have are left out: Pulumi warns of undefined ones.
  return Object.fromEntries(Object.entries(outputs).filter(([, value]) => value !== undefined));
}

export = deploy();
