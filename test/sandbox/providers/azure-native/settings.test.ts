import { afterEach, describe, expect, test, vi } from "vitest";
import { retryAfter } from "../../../../sandbox/providers/azure-native/arm-client";
import { findCloud } from "../../../../sandbox/providers/azure-native/cloud";
import { readConfiguration } from "../../../../sandbox/providers/azure-native/configuration";
import { createTokenSource } from "../../../../sandbox/providers/azure-native/credential";
import { createSession } from "../../../../sandbox/providers/azure-native/session";
import { Secret } from "../../../../sandbox/providers/protocol";

const signal = new AbortController().signal;
const cloud = {
  resourceManager: "https://arm",
  authorityHost: "https://login",
  audience: "https://a/",
  microsoftGraph: "",
};

describe("configuration", () => {
  test("provider inputs come before the environment", () => {
    const configuration = readConfiguration(
      { clientId: new Secret("from-input"), useOidc: "true", disableInstanceDiscovery: true },
      { ARM_CLIENT_ID: "from-environment", ARM_TENANT_ID: "tenant", ARM_AUXILIARY_TENANT_IDS: '["a","b"]' },
    );
    expect(configuration).toMatchObject({
      clientId: "from-input",
      tenantId: "tenant",
      useOidc: true,
      useMsi: false,
      disableInstanceDiscovery: true,
      auxiliaryTenantIds: ["a", "b"],
    });
  });

  test("GitHub's own variables serve OIDC", () => {
    expect(readConfiguration({}, { ACTIONS_ID_TOKEN_REQUEST_URL: "https://x" }).oidcRequestUrl).toBe("https://x");
  });

  test.each(["a,b", '{"a":1}', "[1]"])("auxiliary tenants %s are refused with the form wanted", (text) => {
    expect(() => readConfiguration({ auxiliaryTenantIds: text }, {})).toThrow(
      /auxiliaryTenantIds: expected a JSON array/,
    );
  });

  test("no subscription says how to set one", () => {
    const session = createSession(readConfiguration({}, {}), () => Promise.reject(new Error("not reached")));
    expect(() => session.subscriptionId()).toThrow(/azure-native:subscriptionId <id>` or ARM_SUBSCRIPTION_ID/);
  });

  test("a connection that failed is tried again", async () => {
    const connect = vi.fn().mockRejectedValueOnce(new Error("down")).mockResolvedValueOnce({ cloud });
    const session = createSession(readConfiguration({}, {}), connect);
    await expect(session.connect(signal)).rejects.toThrow("down");
    await expect(session.connect(signal)).resolves.toMatchObject({ cloud });
  });
});

describe("cloud", () => {
  afterEach(() => vi.unstubAllGlobals());
  const answer = (status: number, body: string): void => {
    vi.stubGlobal("fetch", async () => new Response(body, { status }));
  };
  const withHost = readConfiguration({ metadataHost: "localhost:1" }, {});

  test("describes itself at its metadata host", async () => {
    answer(
      200,
      JSON.stringify({
        name: "Sandbox",
        resourceManager: "https://localhost:1/",
        authentication: { loginEndpoint: "https://localhost:1/", audiences: ["https://management.core.windows.net/"] },
        microsoftGraphResourceId: "https://graph.microsoft.com/",
      }),
    );
    expect(await findCloud(withHost, signal)).toEqual({
      resourceManager: "https://localhost:1",
      authorityHost: "https://localhost:1",
      audience: "https://management.core.windows.net/",
      microsoftGraph: "https://graph.microsoft.com",
    });
  });

  test.each([
    [500, "{}"],
    [200, "<html>"],
    [200, '{"resourceManager":"https://x","authentication":{"loginEndpoint":"https://x","audiences":[]}}'],
  ])("%i %s is no description", async (status, body) => {
    answer(status, body);
    await expect(findCloud(withHost, signal)).rejects.toThrow(/^metadataHost: https:\/\/localhost:1\/metadata/);
  });

  test("that nobody waits for any more is no host that does not answer", async () => {
    const reason = new Error("The operation was cancelled.");
    vi.stubGlobal("fetch", () => Promise.reject(reason));
    await expect(findCloud(withHost, AbortSignal.abort(reason))).rejects.toBe(reason);
    await expect(findCloud(withHost, signal)).rejects.toThrow(/does not answer/);
  });

  test("is one of three without a metadata host", async () => {
    const found = await findCloud(readConfiguration({ environment: "usgovernment" }, {}), signal);
    expect(found.resourceManager).toBe("https://management.usgovcloudapi.net");
    await expect(findCloud(readConfiguration({ environment: "mars" }, {}), signal)).rejects.toThrow(
      "environment: mars is not known; use public, usgovernment, china, or set metadataHost.",
    );
  });
});

describe("signing in", () => {
  const tokenFor = (inputs: Record<string, string>): Promise<string> =>
    createTokenSource(readConfiguration(inputs, {}), cloud).getToken("https://a/", signal);

  test.each([
    [{ clientSecret: "s", clientId: "c" }, /client secret, set azure-native:subscriptionId and azure-native:tenantId/],
    [{ useOidc: "true" }, /OIDC, set azure-native:subscriptionId and azure-native:tenantId and azure-native:clientId/],
    [{ useMsi: "true" }, /managed identity, set azure-native:subscriptionId \(or ARM_SUBSCRIPTION_ID\)/],
    [{ clientCertificatePath: "/x.pem" }, /client certificate, set/],
  ])("%j lacks something", async (inputs, message) => {
    await expect(tokenFor(inputs)).rejects.toThrow(message);
  });
});

test("Retry-After is read in its three forms", () => {
  expect(retryAfter(new Headers({ "retry-after": "3" }))).toBe(3000);
  expect(retryAfter(new Headers({ "x-ms-retry-after-ms": "250", "retry-after": "3" }))).toBe(250);
  vi.setSystemTime("2026-11-27T10:00:00Z");
  expect(retryAfter(new Headers({ "retry-after": "Fri, 27 Nov 2026 10:00:10 GMT" }))).toBe(10_000);
  vi.useRealTimers();
  expect(retryAfter(new Headers())).toBeUndefined();
});
