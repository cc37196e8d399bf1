import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  ResourceInitializationError,
  unknown,
  type CreateRequest,
  type PropertyMap,
  type UpdateRequest,
} from "../../../../sandbox/providers/protocol";
import { context, identityOf, providerFor, startFakeArm, type FakeAnswer, type FakeArm } from "./fake-arm";

let arm: FakeArm;
beforeEach(async () => {
  arm = await startFakeArm();
});
afterEach(() => arm.close());

const type = "azure-native:containerservice:ManagedCluster";
const path = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c";
const status = "/subscriptions/s/providers/Microsoft.ContainerService/locations/westus2/operations/1";
const inputs: PropertyMap = { location: "westus2", resourceGroupName: "rg", resourceName: "c" };

const createRequest: CreateRequest = { ...identityOf(type), inputs, preview: false };
const cluster = (provisioningState: string): FakeAnswer => ({
  status: 200,
  body: { id: path, name: "c", properties: { provisioningState } },
});
const failure = (code: number, error: string): FakeAnswer => ({
  status: code,
  body: { error: { code: error, message: `It is ${error}.` } },
});
const started = (headers: Record<string, string> = {}): FakeAnswer => ({ ...asObject(cluster("Creating")), headers });

function asObject(answer: FakeAnswer): Exclude<FakeAnswer, "reset"> {
  if (answer === "reset") throw new Error("no object");
  return answer;
}

async function create(request: Partial<CreateRequest> = {}, signal?: AbortSignal): Promise<PropertyMap> {
  const provider = await providerFor(arm);
  return (await provider.create({ ...createRequest, ...request }, context(signal))).outputs;
}

async function failureOf(promise: Promise<unknown>): Promise<ResourceInitializationError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ResourceInitializationError) return error;
  throw new Error(`expected a half-made resource, got ${String(error)}`);
}

describe("create", () => {
  test("refuses to take over what exists, and changes nothing", async () => {
    arm.answer(`GET ${path}`, cluster("Succeeded"));
    await expect(create()).rejects.toThrow(`cannot create already existing resource '${path}'`);
    expect(arm.counts()).toEqual({ [`GET ${path}`]: 1 });
  });

  test("says why it cannot know whether it exists", async () => {
    arm.answer(`GET ${path}`, failure(403, "AuthorizationFailed"));
    await expect(create()).rejects.toThrow(
      /cannot check existence of resource .* status code 403, .*AuthorizationFailed/,
    );
  });

  test("asks with the API version of azure-native 3.28", async () => {
    arm.answer(`PUT ${path}`, failure(400, "BadRequest"));
    await expect(create()).rejects.toThrow('Status=400 Code="BadRequest" Message="It is BadRequest."');
    expect(arm.requests.map(({ query }) => query.get("api-version"))).toEqual(["2025-09-01", "2025-09-01"]);
  });

  test("a refusal without the usual envelope is read too", async () => {
    arm.answer(`PUT ${path}`, { status: 400, body: { code: "InvalidParameter", message: "No.", details: null } });
    await expect(create()).rejects.toThrow('Status=400 Code="InvalidParameter" Message="No."');
  });

  test("a preview asks Azure nothing, and leaves what Azure decides unknown", async () => {
    const outputs = await create({
      preview: true,
      inputs: {
        ...inputs,
        dnsPrefix: unknown,
        identity: { type: "SystemAssigned" },
        agentPoolProfiles: [{ name: "a" }],
      },
    });
    expect(arm.requests).toEqual([]);
    expect(outputs).toMatchObject({
      dnsPrefix: unknown,
      fqdn: unknown,
      location: "westus2",
      identity: { type: "SystemAssigned", principalId: unknown },
      agentPoolProfiles: [{ name: "a", currentOrchestratorVersion: unknown }],
    });
    expect(outputs).not.toHaveProperty("resourceGroupName");
  });

  test("a set of identities is an object in ARM", async () => {
    arm.answer(`PUT ${path}`, cluster("Succeeded"));
    arm.answer(`GET ${path}`, { status: 404 }, cluster("Succeeded"));
    await create({ inputs: { ...inputs, identity: { type: "UserAssigned", userAssignedIdentities: ["/a", "/b"] } } });
    expect(arm.requests.find(({ method }) => method === "PUT")?.body).toMatchObject({
      identity: { userAssignedIdentities: { "/a": {}, "/b": {} } },
    });
  });
});

describe("long-running operations", () => {
  const finishes = (): void => arm.answer(`GET ${path}`, { status: 404 }, cluster("Succeeded"));

  test("Azure-AsyncOperation is asked until it succeeded", async () => {
    finishes();
    arm.answer(`PUT ${path}`, started({ "azure-asyncoperation": `${arm.url}${status}`, "retry-after": "0" }));
    const running: FakeAnswer = { status: 200, body: { status: "InProgress" } };
    arm.answer(`GET ${status}`, running, running, { status: 200, body: { status: "Succeeded" } });
    expect(await create()).toMatchObject({ provisioningState: "Succeeded" });
    expect(arm.counts()[`GET ${status}`]).toBe(3);
  });

  test("Location is asked while it answers 202", async () => {
    finishes();
    arm.answer(`PUT ${path}`, { status: 202, body: {}, headers: { location: status } });
    arm.answer(`GET ${status}`, { status: 202 }, { status: 200, body: {} });
    expect(await create()).toMatchObject({ provisioningState: "Succeeded" });
  });

  test("without either the resource's own state counts", async () => {
    arm.answer(`PUT ${path}`, started());
    arm.answer(`GET ${path}`, { status: 404 }, cluster("Creating"), cluster("Succeeded"));
    expect(await create()).toMatchObject({ provisioningState: "Succeeded" });
  });

  test("a failure keeps the half-made resource, with the reason", async () => {
    arm.answer(`GET ${path}`, { status: 404 }, cluster("Failed"));
    arm.answer(`PUT ${path}`, started({ "azure-asyncoperation": `${arm.url}${status}` }));
    arm.answer(`GET ${status}`, {
      status: 200,
      body: { status: "Failed", error: { code: "QuotaExceeded", message: "No cores left." } },
    });
    const error = await failureOf(create());
    expect(error.reasons).toEqual(['Status=200 Code="QuotaExceeded" Message="No cores left."']);
    expect(error.state).toMatchObject({ id: path, inputs, outputs: { provisioningState: "Failed" } });
  });

  test("customTimeouts end the wait, and the resource is kept", async () => {
    arm.answer(`GET ${path}`, { status: 404 }, cluster("Creating"));
    arm.answer(`PUT ${path}`, started());
    const error = await failureOf(create({ timeoutSeconds: 2 }));
    expect(error.reasons).toEqual(["operation timed out after 2 s (customTimeouts)"]);
    expect(error.state.id).toBe(path);
  });

  test("so does the engine's cancel", async () => {
    arm.answer(`GET ${path}`, { status: 404 }, cluster("Creating"));
    arm.answer(`PUT ${path}`, started());
    const cancellation = new AbortController();
    const error = failureOf(create({}, cancellation.signal));
    // Asked once whether it exists, and then how far it is.
    await expect.poll(() => arm.counts()[`GET ${path}`]).toBeGreaterThan(1);
    cancellation.abort(new Error("The operation was cancelled."));
    expect((await error).reasons).toEqual(["The operation was cancelled."]);
  });
});

describe("retries", () => {
  beforeEach(() => arm.answer(`GET ${path}`, { status: 404 }, cluster("Succeeded")));

  test.each<[string, FakeAnswer]>([
    ["throttling", { ...asObject(failure(429, "TooManyRequests")), headers: { "retry-after": "0" } }],
    ["a server error", failure(500, "InternalServerError")],
    ["an unavailable service", failure(503, "ServiceUnavailable")],
    ["a broken connection", "reset"],
    ["the service's own operation", failure(409, "AnotherOperationInProgress")],
  ])("%s passes", async (_, answer) => {
    arm.answer(`PUT ${path}`, answer, answer, answer, cluster("Succeeded"));
    await create();
    expect(arm.counts()[`PUT ${path}`]).toBe(4);
  });

  test("four attempts are enough", async () => {
    arm.answer(`PUT ${path}`, failure(503, "ServiceUnavailable"));
    await expect(create()).rejects.toThrow('Status=503 Code="ServiceUnavailable"');
    expect(arm.counts()[`PUT ${path}`]).toBe(4);
    arm.answer(`GET ${path}`, "reset");
    await expect(create()).rejects.toThrow(new RegExp(`GET ${path}: fetch failed`));
  });

  test("a conflict with the user's own operation is not retried, as in azure-native", async () => {
    arm.answer(`PUT ${path}`, failure(409, "OperationNotAllowed"));
    await expect(create()).rejects.toThrow('Status=409 Code="OperationNotAllowed"');
    expect(arm.counts()[`PUT ${path}`]).toBe(1);
  });
});

describe("a resource provider that is not registered", () => {
  const namespace = "/subscriptions/s/providers/Microsoft.ContainerService";
  beforeEach(() => {
    arm.answer(`GET ${path}`, { status: 404 }, cluster("Succeeded"));
    arm.answer(`PUT ${path}`, failure(409, "MissingSubscriptionRegistration"), cluster("Succeeded"));
  });

  test("is registered, waited for, and the request repeated", async () => {
    const state = (registrationState: string): FakeAnswer => ({ status: 200, body: { registrationState } });
    arm.answer(`POST ${namespace}/register`, state("Registering"));
    arm.answer(`GET ${namespace}`, state("Registering"), state("Registered"));
    expect(await create()).toMatchObject({ provisioningState: "Succeeded" });
    expect(arm.counts()).toMatchObject({ [`GET ${namespace}`]: 2, [`PUT ${path}`]: 2 });
  });

  test("is an error where it may not be registered", async () => {
    arm.answer(`POST ${namespace}/register`, failure(403, "AuthorizationFailed"));
    await expect(create()).rejects.toThrow('Status=403 Code="AuthorizationFailed"');
  });
});

describe("update", () => {
  const request: UpdateRequest = {
    ...identityOf(type),
    id: path,
    oldInputs: inputs,
    oldOutputs: { name: "c", location: "westus2", fqdn: "old" },
    newInputs: { ...inputs, tags: { a: "1" } },
    ignoreChanges: [],
    preview: false,
  };

  test("is a PUT, and needs no GET before", async () => {
    arm.answer(`GET ${path}`, cluster("Succeeded"));
    arm.answer(`PUT ${path}`, cluster("Succeeded"));
    const provider = await providerFor(arm);
    expect(await provider.update(request, context())).toMatchObject({ name: "c" });
    expect(arm.requests[0]).toMatchObject({ method: "PUT", body: { tags: { a: "1" } } });
  });

  test("a preview knows what never changes", async () => {
    const provider = await providerFor(arm);
    const outputs = await provider.update({ ...request, preview: true }, context());
    expect(outputs).toMatchObject({ name: "c", location: "westus2", tags: { a: "1" }, fqdn: unknown });
    expect(arm.requests).toEqual([]);
  });

  test("a failure keeps the new inputs", async () => {
    arm.answer(`PUT ${path}`, started());
    arm.answer(`GET ${path}`, cluster("Failed"));
    const provider = await providerFor(arm);
    const error = await failureOf(provider.update(request, context()));
    expect(error.state.inputs).toEqual(request.newInputs);
  });
});

describe("delete", () => {
  const request = { ...identityOf(type), id: path, oldInputs: inputs, oldOutputs: {} };

  test("waits until it is gone", async () => {
    arm.answer(`DELETE ${path}`, { status: 202, headers: { location: `${arm.url}${status}` } });
    arm.answer(`GET ${status}`, { status: 202 }, { status: 202 }, { status: 204 });
    const provider = await providerFor(arm);
    await provider.delete(request, context());
    expect(arm.counts()[`GET ${status}`]).toBe(3);
  });

  test.each([
    ["the resource", { status: 404 }, { status: 200 }],
    ["the operation", { status: 202, headers: { location: status } }, { status: 404 }],
  ])("%s being gone already is no error", async (_, answer, poll) => {
    arm.answer(`DELETE ${path}`, answer);
    arm.answer(`GET ${status}`, poll);
    const provider = await providerFor(arm);
    await expect(provider.delete(request, context())).resolves.toBeUndefined();
  });

  test("a refusal is an error", async () => {
    arm.answer(`DELETE ${path}`, failure(409, "ScopeLocked"));
    const provider = await providerFor(arm);
    await expect(provider.delete(request, context())).rejects.toThrow('Status=409 Code="ScopeLocked"');
  });
});

describe("read", () => {
  const body = {
    id: path,
    name: "c",
    location: "westus2",
    tags: { owner: "somebody" },
    identity: { type: "UserAssigned", userAssignedIdentities: { "/a": { clientId: "x" } } },
    properties: {
      dnsPrefix: "p",
      fqdn: "p.example",
      agentPoolProfiles: [{ name: "a", count: 3, nodeImageVersion: "v" }],
    },
  };

  test("a resource that is gone", async () => {
    const provider = await providerFor(arm);
    const request = { ...identityOf(type), id: path, oldInputs: inputs, oldOutputs: {} };
    expect(await provider.read(request, context())).toBeUndefined();
  });

  test("an import makes inputs of the answer and of the id", async () => {
    arm.answer(`GET ${path}`, { status: 200, body });
    const provider = await providerFor(arm);
    const read = await provider.read({ ...identityOf(type), id: path, oldInputs: {}, oldOutputs: {} }, context());
    expect(read?.inputs).toEqual({
      agentPoolProfiles: [{ name: "a", count: 3 }],
      dnsPrefix: "p",
      identity: { type: "UserAssigned", userAssignedIdentities: ["/a"] },
      location: "westus2",
      resourceGroupName: "rg",
      resourceName: "c",
      tags: { owner: "somebody" },
    });
  });

  test("an import of an id of another type is refused", async () => {
    const provider = await providerFor(arm);
    const request = { ...identityOf(type), id: "/subscriptions/s/resourceGroups/rg", oldInputs: {}, oldOutputs: {} };
    await expect(provider.read(request, context())).rejects.toThrow(/does not have the form .*managedClusters/);
  });

  test("a refresh takes over what somebody changed, and nothing that Azure filled in", async () => {
    arm.answer(`GET ${path}`, { status: 200, body });
    const provider = await providerFor(arm);
    const oldOutputs = {
      name: "c",
      location: "westus2",
      dnsPrefix: "p",
      agentPoolProfiles: [{ name: "a", count: 1, nodeImageVersion: "u" }],
      tags: { gone: "1", owner: "me" },
    };
    const oldInputs = { ...inputs, agentPoolProfiles: [{ name: "a", count: 1 }], tags: { gone: "1", owner: "me" } };
    const read = await provider.read({ ...identityOf(type), id: path, oldInputs, oldOutputs }, context());
    expect(read?.inputs).toEqual({
      ...inputs,
      agentPoolProfiles: [{ name: "a", count: 3 }],
      tags: { owner: "somebody" },
      identity: { type: "UserAssigned", userAssignedIdentities: ["/a"] },
    });
  });
});
