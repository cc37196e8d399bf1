import { type Input } from "@pulumi/pulumi";

/** What {@link FeatureRegistration} registers. */
export interface FeatureRegistrationArgs {
  /** Subscription to register the feature in. Default: the subscription that azure-native is configured with. */
  subscriptionId?: Input<string>;
  /** Namespace of the resource provider that owns the feature, for example `Microsoft.ContainerService`. */
  providerNamespace: Input<string>;
  /** Name of the feature without its namespace, for example `AKS-OpenServiceMesh`. */
  feature: Input<string>;
  /**
   * How long to wait, as a Go duration (`30m`, `1h30m`): for the feature first, and then as long again for its resource
   * provider. Default `30m`.
   */
  timeout?: string;
  /**
   * Whether deleting this resource unregisters the feature. Default false: a feature belongs to the whole subscription,
   * and other clusters may rely on it. A feature that was registered before this resource existed is never unregistered.
   */
  unregisterOnDelete?: Input<boolean>;
}
