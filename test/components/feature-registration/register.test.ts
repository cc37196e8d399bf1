import { afterEach, describe, expect, it } from "vitest";

import { type Feature, register, unregister } from "../../../components/feature-registration/register";
import { type Answer, type FakeArm, fakeArm } from "../arm/fake-arm";

const feature: Feature = { subscriptionId: "sub", providerNamespace: "Microsoft.Test", feature: "Thing" };
const featurePath = "/subscriptions/sub/providers/Microsoft.Features/providers/Microsoft.Test/features/Thing";
const providerPath = "/subscriptions/sub/providers/Microsoft.Test";
const polling = { limitSeconds: 2, pauseMs: 1, steadyAnswers: 5 };

let fake: FakeArm | undefined;
afterEach(() => fake?.close());

/** A subscription whose feature answers the looks at the start with the first of `states`, then each with the next, the last for ever. */
async function subscription(
  states: readonly string[],
  providerStates: readonly string[] = ["Registered"],
  other: (request: string, earlier: number) => Answer | undefined = () => undefined,
): Promise<FakeArm> {
  let looks = 0;
  let providerLooks = 0;
  const next = (list: readonly string[], index: number): string => list[Math.min(index, list.length - 1)] ?? "";
  fake = await fakeArm((request, earlier) => {
    const override = other(request, earlier);
    if (override) {
      return override;
    }
    switch (request) {
      case `GET ${featurePath}`:
        return { body: { properties: { state: next(states, Math.max(0, ++looks - polling.steadyAnswers)) } } };
      case `POST ${featurePath}/register`:
        return { body: { properties: { state: "Registering" } } };
      case `GET ${providerPath}`:
        return { body: { registrationState: next(providerStates, providerLooks++) } };
      case `POST ${providerPath}/register`:
        return { body: { registrationState: "Registering" } };
      case `POST ${featurePath}/unregister`:
        return { body: { properties: { state: "Unregistering" } } };
      default:
        return { status: 404, body: { error: { code: "NotFound", message: request } } };
    }
  });
  return fake;
}

function count(requests: readonly string[], request: string): number {
  return requests.filter((other) => other === request).length;
}

describe("register", () => {
  it("leaves a feature as it is where replicas agree, and registers its resource provider all the same", async () => {
    const { arm, requests } = await subscription(["Registered"]);
    await expect(register(arm, feature, polling)).resolves.toEqual({
      state: "Registered",
      providerState: "Registered",
      wasRegistered: true,
    });
    expect(requests).toEqual([
      ...Array<string>(polling.steadyAnswers).fill(`GET ${featurePath}`),
      `POST ${providerPath}/register`,
      `GET ${providerPath}`,
    ]);
  });

  it("registers what only a lagging replica calls registered", async () => {
    let looks = 0;
    const { arm, requests } = await subscription(["Registered"], ["Registered"], (request) =>
      request === `GET ${featurePath}` && ++looks === 2
        ? { body: { properties: { state: "NotRegistered" } } }
        : undefined,
    );
    await expect(register(arm, feature, polling)).resolves.toMatchObject({ wasRegistered: false });
    expect(count(requests, `POST ${featurePath}/register`)).toBe(1);
  });

  it.each(["NotRegistered", "Unregistered", "NotSpecified"])("registers a feature that is %s", async (state) => {
    const { arm, requests } = await subscription([state, "Registering", "Registering", "Registered"]);
    await expect(register(arm, feature, polling)).resolves.toMatchObject({ wasRegistered: false });
    expect(count(requests, `POST ${featurePath}/register`)).toBe(1);
  });

  it("registers the resource provider again only once the feature is registered everywhere, and waits for it", async () => {
    const { arm, requests } = await subscription(
      ["NotRegistered", "Registered"],
      ["Registering", "Registering", "Registered"],
    );
    await register(arm, feature, polling);
    const registering = requests.indexOf(`POST ${providerPath}/register`);
    expect(requests.slice(registering)).toEqual([
      `POST ${providerPath}/register`,
      ...Array<string>(3).fill(`GET ${providerPath}`),
    ]);
    expect(requests.slice(0, registering).lastIndexOf(`GET ${featurePath}`)).toBe(registering - 1);
  });

  it("waits until replicas agree: as many answers in a row as asked for", async () => {
    const flapping = ["NotRegistered", "Registered", "Registered", "NotRegistered", "Registered", "Registering"];
    const { arm, requests } = await subscription([...flapping, "Registered"]);
    await register(arm, feature, polling);
    expect(count(requests, `GET ${featurePath}`)).toBe(flapping.length - 1 + 2 * polling.steadyAnswers);
    expect(count(requests, `POST ${featurePath}/register`)).toBe(1);
  });

  it("does not ask for what is under way already", async () => {
    const { arm, requests } = await subscription(["Registering", "Registered"]);
    await expect(register(arm, feature, polling)).resolves.toMatchObject({ wasRegistered: true });
    expect(count(requests, `POST ${featurePath}/register`)).toBe(0);
  });

  it("waits for an unregistration to end before it registers", async () => {
    const { arm, requests } = await subscription(["Unregistering", "Unregistering", "Unregistered", "Registered"]);
    await register(arm, feature, polling);
    const posted = requests.indexOf(`POST ${featurePath}/register`);
    expect(count(requests.slice(0, posted), `GET ${featurePath}`)).toBe(polling.steadyAnswers + 2);
  });

  it.each([
    ["at the first look", ["Pending"]],
    ["after asking", ["NotRegistered", "Pending"]],
  ])("says whom to ask when the feature is Pending %s", async (_when, states) => {
    const { arm, requests } = await subscription(states);
    await expect(register(arm, feature, polling)).rejects.toThrow(
      /Microsoft\.Test\/Thing is Pending.*support request/s,
    );
    expect(count(requests, `POST ${providerPath}/register`)).toBe(0);
  });

  it("gives up after the limit, with the state that it saw last", async () => {
    const { arm } = await subscription(["NotRegistered", "Registering"]);
    await expect(register(arm, feature, { ...polling, limitSeconds: 0.05 })).rejects.toThrow(
      /still Registering .* after 0\.05 s.*longer timeout/s,
    );
  });

  it("gives up on a resource provider after the limit", async () => {
    const { arm } = await subscription(["Registered"], ["Registering"]);
    await expect(register(arm, feature, { ...polling, limitSeconds: 0.05 })).rejects.toThrow(
      /resource provider Microsoft\.Test is still Registering/,
    );
  });

  it.each([
    ["throttling", { status: 429, headers: { "retry-after": "0" }, body: { error: { code: "TooManyRequests" } } }],
    ["a server error", { status: 500, body: {} }],
    ["an unavailable service", { status: 503, body: {} }],
    ["a lost connection", { reset: true }],
  ] satisfies [string, Answer][])("tries again after %s", async (_what, trouble) => {
    const { arm } = await subscription(["NotRegistered", "Registered"], ["Registered"], (_request, earlier) =>
      earlier === 0 ? trouble : undefined,
    );
    await expect(register(arm, feature, polling)).resolves.toMatchObject({ state: "Registered" });
  });

  it("names the arguments to check when there is no such feature", async () => {
    const { arm } = await subscription([], [], (request) =>
      request === `GET ${featurePath}`
        ? { status: 404, body: { error: { code: "FeatureNotFound", message: "no such feature" } } }
        : undefined,
    );
    await expect(register(arm, feature, polling)).rejects.toThrow(
      /FeatureNotFound.*Check providerNamespace and feature/s,
    );
  });

  it("names the permission that is missing", async () => {
    const { arm } = await subscription(["NotRegistered"], ["Registered"], (request) =>
      request.startsWith("POST")
        ? { status: 403, body: { error: { code: "AuthorizationFailed", message: "no" } } }
        : undefined,
    );
    await expect(register(arm, feature, polling)).rejects.toThrow(/AuthorizationFailed.*Contributor/s);
  });

  it("lets no token into an error, even when Azure repeats it", async () => {
    const fakes = await subscription([], [], () => undefined);
    const { token } = fakes;
    await fakes.close();
    const echo = await subscription([], [], () => ({
      status: 400,
      body: { error: { code: "Bad", message: `you sent ${token}` } },
    }));
    const failure = await register(echo.arm, feature, polling).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(String(failure)).toContain("you sent <token>");
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain(token);
  });
});

describe("unregister", () => {
  it("asks once and does not wait", async () => {
    const { arm, requests } = await subscription(["Registered"]);
    await unregister(arm, feature);
    expect(requests).toEqual([`POST ${featurePath}/unregister`]);
  });
});
