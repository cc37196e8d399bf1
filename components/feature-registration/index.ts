import {
  ComponentResource,
  type ComponentResourceOptions,
  type CustomResourceOptions,
  type Input,
  type Output,
} from "@pulumi/pulumi";

import { DynamicResource } from "../dynamic";
import { type FeatureRegistrationArgs } from "./args";
import { durationSeconds } from "./duration";

export type { FeatureRegistrationArgs } from "./args";

/**
 * A feature of an Azure resource provider, registered in a subscription, with the provider registered again so that the
 * feature takes effect. Adopts a feature that is registered already, in one look.
 *
 * @example
 * new FeatureRegistration("osm", { providerNamespace: "Microsoft.ContainerService", feature: "AKS-OpenServiceMesh" });
 */
export class FeatureRegistration extends ComponentResource {
  /** State of the feature when it was last looked at: `Registered` after an update. */
  readonly state: Output<string>;
  /** Whether the feature was registered before this resource existed. */
  readonly wasRegistered: Output<boolean>;

  constructor(name: string, args: FeatureRegistrationArgs, opts?: ComponentResourceOptions) {
    super("aks-mesh:index:FeatureRegistration", name, {}, opts);
    const timeout = args.timeout ?? "30m";
    const registration = new Registration(
      name,
      {
        subscriptionId: args.subscriptionId,
        providerNamespace: args.providerNamespace,
        feature: args.feature,
        timeoutSeconds: durationSeconds("timeout", timeout),
        unregisterOnDelete: args.unregisterOnDelete ?? false,
      },
      { parent: this, customTimeouts: { create: timeout, update: timeout, delete: timeout } },
    );
    this.state = registration.state;
    this.wasRegistered = registration.wasRegistered;
    this.registerOutputs({ state: this.state, wasRegistered: this.wasRegistered });
  }
}

interface RegistrationProps {
  subscriptionId?: Input<string>;
  providerNamespace: Input<string>;
  feature: Input<string>;
  timeoutSeconds: number;
  unregisterOnDelete: Input<boolean>;
}

class Registration extends DynamicResource {
  declare readonly state: Output<string>;
  declare readonly wasRegistered: Output<boolean>;

  constructor(name: string, props: RegistrationProps, opts: CustomResourceOptions) {
    const outputs = { state: undefined, providerState: undefined, wasRegistered: undefined };
    super("FeatureRegistration", "feature-registration/provider", name, { ...props, ...outputs }, opts);
  }
}
