import { type ArmClient, pause, unexpected } from "../arm/client";

/** States that Azure gives a feature. */
export type FeatureState =
  "NotSpecified" | "NotRegistered" | "Pending" | "Registering" | "Registered" | "Unregistering" | "Unregistered";

/** How often to ask again, and for how long. */
export interface Polling {
  /** Limit for the feature, and again for the resource provider. */
  readonly limitSeconds: number;
  /** First pause between two looks; grows to ten times as much. */
  readonly pauseMs: number;
  /** `Registered` answers, one after another, that are taken as final: Azure's replicas disagree for a while. */
  readonly steadyAnswers: number;
}

/** A feature of a resource provider in one subscription. */
export interface Feature {
  readonly subscriptionId: string;
  readonly providerNamespace: string;
  readonly feature: string;
}

/** What was found, and what it is now. */
export interface Registration {
  readonly state: FeatureState;
  readonly providerState: string;
  /** Whether the feature was registered, or being registered, before anything was asked for here. */
  readonly wasRegistered: boolean;
}

const featureApi = "2021-07-01";
const providerApi = "2022-09-01";

/** Resource id of a feature. */
export function featureId({ subscriptionId, providerNamespace, feature }: Feature): string {
  return `/subscriptions/${subscriptionId}/providers/Microsoft.Features/providers/${providerNamespace}/features/${feature}`;
}

function providerId({ subscriptionId, providerNamespace }: Feature): string {
  return `/subscriptions/${subscriptionId}/providers/${providerNamespace}`;
}

/** State of the feature and of its resource provider, as one replica of Azure sees it. */
export async function readRegistration(arm: ArmClient, feature: Feature): Promise<Omit<Registration, "wasRegistered">> {
  const [state, providerState] = await Promise.all([featureState(arm, feature), resourceProviderState(arm, feature)]);
  return { state, providerState };
}

/**
 * Registers a feature and then its resource provider again, so that the feature takes effect. The feature is left as it is
 * where several replicas agree that it is registered. The provider is registered in any case: an earlier run may have ended
 * after the feature and before it, and its state alone doesn't tell. Asking twice does no harm.
 *
 * @throws Error if the feature does not exist, waits for a person's approval, or does not get there within the limit.
 */
export async function register(arm: ArmClient, feature: Feature, polling: Polling): Promise<Registration> {
  const looks = await Promise.all(Array.from({ length: polling.steadyAnswers }, () => featureState(arm, feature)));
  const found = looks.find((state) => state !== "Registered");
  if (found !== undefined) {
    await bringToRegistered(arm, feature, found, polling);
  }
  await registerProvider(arm, feature, polling);
  return {
    state: "Registered",
    providerState: "Registered",
    wasRegistered: found === undefined || found === "Registering",
  };
}

/** Asks Azure to unregister the feature. Does not wait: nothing in the stack depends on the end of it. */
export async function unregister(arm: ArmClient, feature: Feature): Promise<void> {
  const response = await arm.request("POST", `${featureId(feature)}/unregister`, featureApi);
  if (response.status !== 200 && response.status !== 202 && response.status !== 404) {
    throw unexpected(`Unregistering the feature ${title(feature)}`, response);
  }
}

async function bringToRegistered(
  arm: ArmClient,
  feature: Feature,
  found: FeatureState,
  { limitSeconds, pauseMs, steadyAnswers }: Polling,
): Promise<void> {
  const deadline = Date.now() + limitSeconds * 1000;
  let state = found;
  let asked = false;
  let steady = 0;
  let wait = pauseMs;
  for (;;) {
    if (state === "Pending") {
      throw new Error(
        `The feature ${title(feature)} is Pending in the subscription ${feature.subscriptionId}: Microsoft approves it by ` +
          "hand. Ask for approval in a support request (Azure portal, Help + support) or through your Microsoft contact, " +
          "and run this again once `az feature show " +
          `--namespace ${feature.providerNamespace} --name ${feature.feature}\` says Registered.`,
      );
    }
    steady = state === "Registered" ? steady + 1 : 0;
    if (steady >= steadyAnswers) {
      return;
    }
    if (!asked && state !== "Registered" && state !== "Registering" && state !== "Unregistering") {
      state = await requestRegistration(arm, feature);
      asked = true;
      continue;
    }
    if (Date.now() + wait > deadline) {
      throw new Error(
        `The feature ${title(feature)} is still ${state} in the subscription ${feature.subscriptionId} after ` +
          `${limitSeconds} s. Azure may need longer: run this again, or set a longer timeout.`,
      );
    }
    await pause(wait);
    wait = steady > 0 ? pauseMs : Math.min(wait * 1.5, pauseMs * 10);
    state = await featureState(arm, feature);
  }
}

async function registerProvider(arm: ArmClient, feature: Feature, { limitSeconds, pauseMs }: Polling): Promise<void> {
  const deadline = Date.now() + limitSeconds * 1000;
  const response = await arm.request("POST", `${providerId(feature)}/register`, providerApi);
  if (response.status !== 200 && response.status !== 202) {
    throw unexpected(`Registering the resource provider ${feature.providerNamespace}`, response);
  }
  let state = (response.body as { registrationState?: string } | undefined)?.registrationState;
  let wait = pauseMs;
  while (state !== "Registered") {
    if (Date.now() + wait > deadline) {
      throw new Error(
        `The resource provider ${feature.providerNamespace} is still ${state} in the subscription ` +
          `${feature.subscriptionId} after ${limitSeconds} s. Azure may need longer: run this again, or set a longer timeout.`,
      );
    }
    await pause(wait);
    wait = Math.min(wait * 1.5, pauseMs * 10);
    state = await resourceProviderState(arm, feature);
  }
}

async function requestRegistration(arm: ArmClient, feature: Feature): Promise<FeatureState> {
  const response = await arm.request("POST", `${featureId(feature)}/register`, featureApi);
  if (response.status !== 200 && response.status !== 202) {
    throw notRegistrable(feature, unexpected(`Registering the feature ${title(feature)}`, response), response.status);
  }
  return stateOf(response.body) ?? "Registering";
}

async function featureState(arm: ArmClient, feature: Feature): Promise<FeatureState> {
  const response = await arm.request("GET", featureId(feature), featureApi, { anyReplica: true });
  if (response.status !== 200) {
    throw notRegistrable(feature, unexpected(`Reading the feature ${title(feature)}`, response), response.status);
  }
  return stateOf(response.body) ?? "NotSpecified";
}

async function resourceProviderState(arm: ArmClient, feature: Feature): Promise<string> {
  const response = await arm.request("GET", providerId(feature), providerApi);
  if (response.status !== 200) {
    throw unexpected(`Reading the resource provider ${feature.providerNamespace}`, response);
  }
  return (response.body as { registrationState?: string } | undefined)?.registrationState ?? "NotRegistered";
}

function stateOf(body: unknown): FeatureState | undefined {
  return (body as { properties?: { state?: FeatureState } } | undefined)?.properties?.state;
}

function notRegistrable(feature: Feature, error: Error, status: number): Error {
  if (status === 404) {
    return new Error(`${error.message} Check providerNamespace and feature: there is no ${title(feature)}.`);
  }
  if (status === 403) {
    return new Error(
      `${error.message} The account needs Microsoft.Features/*/register/action on the subscription, which the role ` +
        "Contributor contains. Where somebody else registers features, leave this resource out.",
    );
  }
  return error;
}

function title({ providerNamespace, feature }: Feature): string {
  return `${providerNamespace}/${feature}`;
}
