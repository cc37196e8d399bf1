import * as pulumi from "@pulumi/pulumi";
import { Bookstore } from "./components/bookstore";
import { stackDefinition } from "./stacks";
import { ownCluster } from "./stacks/own-cluster";
import { previewBounds } from "./stacks/preview-definition";
import { readPreviewSettings } from "./stacks/preview-settings";
import { previewNamespaces, previewTags } from "./stacks/preview-marks";
import { readSettings } from "./stacks/settings";
import { sharedCluster } from "./stacks/shared-cluster";

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
const cluster =
  onSharedCluster === undefined
    ? ownCluster({ name, definition, settings, tags })
    : sharedCluster(name, onSharedCluster.base);
const bookstore = new Bookstore(
  name,
  {
    ...definition.bookstore,
    mesh: (onSharedCluster === undefined ? definition : stackDefinition(onSharedCluster.base, settings)).mesh,
    images: previewed === undefined ? undefined : { references: previewed.images },
    namespaces: onSharedCluster === undefined ? undefined : previewNamespaces(onSharedCluster, previewBounds),
  },
  cluster.options,
);

export const resourceGroupName = cluster.resourceGroupName;
export const clusterName = cluster.clusterName;
export const kubeconfig = cluster.kubeconfig;
export const meshVersion = cluster.meshVersion;
export const namespaces = bookstore.namespaces;
export const access = bookstore.access;
export const addresses = bookstore.addresses;
export const preview = previewed;
