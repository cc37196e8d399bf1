import { type dynamic } from "@pulumi/pulumi";

import { type ArmClient } from "../arm/client";
import { armSession } from "../arm/session";
import { type Feature, featureId, readRegistration, register, unregister } from "./register";

/** Inputs of the dynamic resource. */
export interface FeatureInputs {
  readonly subscriptionId?: string;
  readonly providerNamespace: string;
  readonly feature: string;
  readonly timeoutSeconds: number;
  readonly unregisterOnDelete: boolean;
}

/** What the state keeps. */
export interface FeatureOutputs extends FeatureInputs {
  readonly subscriptionId: string;
  readonly state: string;
  readonly providerState: string;
  readonly wasRegistered: boolean;
}

/** The provider of the dynamic resource. Its text is kept in the state: no secret is in it. */
export function handler(): dynamic.ResourceProvider<FeatureInputs, FeatureOutputs> {
  const { configure, settings, client: arm } = armSession();
  const located = async (inputs: FeatureInputs): Promise<{ client: ArmClient; feature: Feature }> => {
    const client = await arm();
    const { providerNamespace, feature } = inputs;
    return {
      client,
      feature: { subscriptionId: inputs.subscriptionId ?? client.subscriptionId, providerNamespace, feature },
    };
  };
  const bring = async (inputs: FeatureInputs): Promise<{ feature: Feature; outs: FeatureOutputs }> => {
    const { client, feature } = await located(inputs);
    const registration = await register(client, feature, {
      limitSeconds: inputs.timeoutSeconds,
      pauseMs: 1000,
      steadyAnswers: 5,
    });
    return { feature, outs: { ...inputs, subscriptionId: feature.subscriptionId, ...registration } };
  };
  return {
    configure,
    async diff(_id, olds, news) {
      const subscriptionId = news.subscriptionId ?? settings().subscriptionId ?? olds.subscriptionId;
      const replaces = [
        ...(subscriptionId === olds.subscriptionId ? [] : ["subscriptionId"]),
        ...(news.providerNamespace === olds.providerNamespace ? [] : ["providerNamespace"]),
        ...(news.feature === olds.feature ? [] : ["feature"]),
      ];
      const drifted = olds.state !== "Registered" || olds.providerState !== "Registered";
      const settingsChanged =
        news.timeoutSeconds !== olds.timeoutSeconds || news.unregisterOnDelete !== olds.unregisterOnDelete;
      return { changes: drifted || settingsChanged || replaces.length > 0, replaces };
    },
    async create(inputs) {
      const { feature, outs } = await bring(inputs);
      return { id: featureId(feature), outs };
    },
    async read(id, props) {
      if (!props) {
        throw new Error("A feature registration cannot be imported: declare it, and it is adopted.");
      }
      const { client, feature } = await located(props);
      const found = await readRegistration(client, feature);
      return { id, props: { ...props, ...found } };
    },
    async update(_id, olds, news) {
      const { outs } = await bring(news);
      return { outs: { ...outs, wasRegistered: olds.wasRegistered } };
    },
    async delete(_id, props) {
      if (props.unregisterOnDelete && !props.wasRegistered) {
        const { client, feature } = await located(props);
        await unregister(client, feature);
      }
    },
  };
}
