import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { Bookstore } from "./components/bookstore";
import { endWithEngine } from "./recovery/end-with-engine";
import { stackDefinition } from "./stacks";
import { refuseUnknownKeys } from "./stacks/config-keys";
import { ownCluster } from "./stacks/own-cluster";
import { previewBounds } from "./stacks/preview-definition";
import { previewNamespaces } from "./stacks/preview-namespaces";
import { readPreviewSettings } from "./stacks/preview-settings";
import { previewTags } from "./stacks/preview-tags";
import { previewTargets } from "./stacks/preview-targets";
import { readSettings } from "./stacks/settings";
import { sharedCluster } from "./stacks/shared-cluster";

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

const onSharedCluster = previewed?.cluster === "shared" ? previewed : undefined;
const definition = stackDefinition(stack, settings);
async function deploy(): Promise<Record<string, unknown>> {
  const cluster =
    onSharedCluster === undefined
      ? await ownCluster({ name, definition, settings, tags })
      : sharedCluster(name, onSharedCluster.base);
  if (onSharedCluster !== undefined) previewTargets(onSharedCluster, cluster.options);
  const base = onSharedCluster === undefined ? definition : stackDefinition(onSharedCluster.base, settings);
  const { meshRevision } = cluster;
  const bookstore = new Bookstore(
    name,
    {
      ...definition.bookstore,
      kubeconfig: cluster.kubeconfig,
      ...(meshRevision === undefined ? { mesh: base.mesh } : { istio: { revision: meshRevision, ...base.istio } }),
      migration: cluster.migration,
      images: previewed === undefined ? undefined : { references: previewed.images },
      namespaces: onSharedCluster === undefined ? undefined : previewNamespaces(onSharedCluster, previewBounds),
    },
    cluster.options,
  );

  const outputs = {
    resourceGroupName: cluster.resourceGroupName,
    clusterName: cluster.clusterName,
    kubeconfig: cluster.kubeconfig,
    meshVersion: cluster.meshVersion,
    meshRevision,
    namespaces: bookstore.namespaces,
    // Between two meshes nobody enforces it.
    access: settings.meshMigration === undefined ? bookstore.access : undefined,
    addresses: bookstore.addresses,
    preview: previewed,
  };

  // Outputs that a kind of stack does not have are left out: Pulumi warns of undefined ones.
  return Object.fromEntries(Object.entries(outputs).filter(([, value]) => value !== undefined));
}

export = deploy();
