import { type CustomResourceOptions, type Input, jsonStringify, type Output } from "@pulumi/pulumi";
import { type input as inputs } from "@pulumi/azure-native/types";

import { DynamicResource } from "../dynamic";
import { bootstrapPoolName } from "./bootstrap-pool";
import { NodePoolMode } from "./enums";
import { poolProfile } from "./managed-cluster";
import { type ClusterSettings } from "./settings";

/** Pools of a cluster's own request, as azure-native takes them. */
type InlineProfiles = inputs.containerservice.ManagedClusterAgentPoolProfileArgs[];

interface ReferenceProps {
  subscriptionId?: Input<string>;
  resourceGroupName: Input<string>;
  clusterName: Input<string>;
  createOnlyHash: Input<string>;
}

interface InlinePoolsProps extends ReferenceProps {
  updateHash: Input<string>;
  profile: Input<string>;
}

/** The pool that a new cluster starts with: as the first system pool, under a name of its own. JSON of a list. */
export function bootstrapPool(settings: ClusterSettings): Output<string> {
  const first = settings.nodePools.find(({ mode }) => mode === NodePoolMode.System);
  if (!first) {
    throw new Error('nodePools: no pool has the mode "System".');
  }
  return jsonStringify([{ ...poolProfile(first), name: bootstrapPoolName }]);
}

/** Decides which pools the cluster's own request names. Stands in front of the cluster. */
export class InlinePools extends DynamicResource {
  declare readonly inlinePools: Output<string>;

  /** The pools to name; undefined to name none. */
  get profiles(): Output<InlineProfiles | undefined> {
    return this.inlinePools.apply((json) => (json === "" ? undefined : (JSON.parse(json) as InlineProfiles)));
  }

  constructor(name: string, props: InlinePoolsProps, opts: CustomResourceOptions) {
    super("InlinePools", "aks-cluster/inline-pools-provider", name, { ...props, inlinePools: undefined }, opts);
  }
}

/** Removes the bootstrap pool. Stands behind the first pools of their own. */
export class BootstrapRemoval extends DynamicResource {
  constructor(name: string, props: ReferenceProps, opts: CustomResourceOptions) {
    super("BootstrapRemoval", "aks-cluster/bootstrap-removal-provider", name, { ...props }, opts);
  }
}
