import { type CustomResourceOptions, type Input, jsonStringify, output } from "@pulumi/pulumi";
import type * as containerservice from "@pulumi/azure-native/containerservice";

import { DynamicResource } from "../dynamic";
import { split } from "./create-only";

/**
 * Stands in front of a cluster and everything that is made for it, and refuses a change that would replace the cluster: at preview,
 * and in an update that skips it before any of these is touched. Where there is no cluster yet, or no more, nothing is refused.
 */
export class CreateOnlySettings extends DynamicResource {
  /**
   * @param args The cluster as it would be made.
   * @param subscriptionId Its subscription, where it is not the configured one.
   */
  constructor(
    name: string,
    args: containerservice.ManagedClusterArgs & { resourceName: Input<string> },
    subscriptionId: Input<string> | undefined,
    opts?: CustomResourceOptions,
  ) {
    const values = output(args).apply((plain) => split(plain).createOnly);
    super(
      "CreateOnlySettings",
      "aks-cluster/create-only-settings-provider",
      name,
      { subscriptionId, clusterName: args.resourceName, values: jsonStringify(values) },
      opts,
    );
  }
}
