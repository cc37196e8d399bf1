import { setTimeout as sleep } from "node:timers/promises";
import { ArmError, readError, type ArmClient, type ArmRequest, type ArmResponse } from "./arm-client";
import { isJsonObject } from "./json";

/** How Azure says that a subscription does not use a resource provider yet. */
const notRegistered: ReadonlySet<string> = new Set([
  "MissingSubscriptionRegistration",
  "MissingRegistrationForResourceProvider",
  "Subscription Not Registered",
]);

const apiVersion = "2022-09-01";
const timeout = 5 * 60_000;

/**
 * A client that registers a resource provider where a request fails for want of it, waits for the registration, and repeats the
 * request, as the Azure SDK under azure-native does.
 */
export function withProviderRegistration(client: ArmClient): ArmClient {
  return {
    timings: client.timings,
    async send(request) {
      const response = await client.send(request);
      if (response.status !== 409 || !notRegistered.has(readError(response).code)) return response;
      const path = /(\/subscriptions\/[^/]+)\/.*?providers\/([^/?]+)/i.exec(request.url);
      if (path === null) return response;
      await register(client, `${path[1]}/providers/${path[2]}`, request, response);
      return client.send(request);
    },
  };
}

async function register(client: ArmClient, url: string, request: ArmRequest, refusal: ArmResponse): Promise<void> {
  const { signal } = request;
  const started = await client.send({ method: "POST", url: `${url}/register?api-version=${apiVersion}`, signal });
  if (started.status >= 300) throw new ArmError(started);
  const deadline = Date.now() + timeout;
  while (Date.now() < deadline) {
    const { body } = await client.send({ method: "GET", url: `${url}?api-version=${apiVersion}`, signal });
    if (isJsonObject(body) && body["registrationState"] === "Registered") return;
    await sleep(client.timings.updatePollInterval, undefined, { signal });
  }
  throw new ArmError(refusal);
}
