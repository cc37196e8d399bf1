import { Server, ServerCredentials, credentials, type ServiceError } from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogSeverity, type LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  ResourceInitializationError,
  Secret,
  serveProvider,
  unknown,
  type ResourceProvider,
  type ServedProvider,
} from "../../../../sandbox/providers/protocol";
import { marshalProperties, unmarshalProperties } from "../../../../sandbox/providers/protocol/wire-format";

const urn = "urn:pulumi:dev::project::parent:index:P$test:index:Thing::a::b";
const served: ServedProvider[] = [];
afterEach(() => served.splice(0).forEach(({ stop }) => stop()));

/** A provider that does nothing, apart from what a test gives it to do. */
function provider(overrides: Partial<ResourceProvider>): ResourceProvider {
  const unexpected = (): never => {
    throw new Error("not expected to be called");
  };
  return {
    name: "test",
    version: "1.2.3",
    supportsAutonaming: true,
    configure: async () => undefined,
    check: unexpected,
    diff: unexpected,
    create: unexpected,
    read: unexpected,
    update: unexpected,
    delete: unexpected,
    invoke: unexpected,
    ...overrides,
  };
}

async function connect(overrides: Partial<ResourceProvider>, engineAddress = ""): Promise<ResourceProviderClient> {
  const server = await serveProvider(provider(overrides), engineAddress);
  served.push(server);
  return new ResourceProviderClient(`127.0.0.1:${server.port}`, credentials.createInsecure());
}

type Callback<Response> = (error: ServiceError | null, response: Response) => void;

function call<Response>(run: (callback: Callback<Response>) => unknown): Promise<Response> {
  return new Promise((resolve, reject) => {
    run((error, response) => (error === null ? resolve(response) : reject(error)));
  });
}

describe("handshake and configure", () => {
  test("answer what the provider can", async () => {
    const client = await connect({ acceptsSecrets: false });
    const handshake = await call<proto.ProviderHandshakeResponse>((done) =>
      client.handshake(new proto.ProviderHandshakeRequest(), done),
    );
    expect(handshake.toObject()).toEqual({
      acceptSecrets: false,
      acceptResources: false,
      acceptOutputs: false,
      supportsAutonamingConfiguration: true,
    });
    const configured = await call<proto.ConfigureResponse>((done) =>
      client.configure(new proto.ConfigureRequest(), done),
    );
    expect(configured.toObject()).toMatchObject({ acceptsecrets: false, supportspreview: true });
  });

  test("secret settings reach the provider marked", async () => {
    const configure = vi.fn<ResourceProvider["configure"]>(async () => undefined);
    const client = await connect({ configure });
    const request = new proto.ConfigureRequest();
    request.setArgs(marshalProperties({ clientSecret: new Secret("x") }));
    await call<proto.ConfigureResponse>((done) => client.configure(request, done));
    expect(configure.mock.calls[0]?.[0]).toEqual({ inputs: { clientSecret: new Secret("x") } });
  });
});

describe("check", () => {
  test("gets type and name from the URN where the engine does not give them", async () => {
    const check = vi.fn<ResourceProvider["check"]>(async () => ({
      inputs: { a: unknown },
      failures: [{ property: "b.c", reason: "no" }],
    }));
    const client = await connect({ check });
    const request = new proto.CheckRequest();
    request.setUrn(urn);
    request.setRandomseed(new Uint8Array([1, 2]));
    const autonaming = new proto.CheckRequest.AutonamingOptions();
    autonaming.setMode(proto.CheckRequest.AutonamingOptions.Mode.ENFORCE);
    autonaming.setProposedName("name");
    request.setAutonaming(autonaming);
    const response = await call<proto.CheckResponse>((done) => client.check(request, done));
    expect(check.mock.calls[0]?.[0]).toMatchObject({
      type: "test:index:Thing",
      name: "a::b",
      randomSeed: new Uint8Array([1, 2]),
      autonaming: { mode: "enforce", proposedName: "name" },
    });
    expect(unmarshalProperties(response.getInputs())).toEqual({ a: unknown });
    expect(response.getFailuresList().map((failure) => failure.toObject())).toEqual([
      { property: "b.c", reason: "no" },
    ]);
  });
});

describe("diff", () => {
  test("is written in detail and in the coarse form", async () => {
    const client = await connect({
      diff: async () => ({
        changes: "some",
        detailedDiff: {
          "a.b": { kind: "update-replace" },
          "a[0]": { kind: "add" },
          c: { kind: "delete", inputDiff: false },
        },
        deleteBeforeReplace: true,
      }),
    });
    const response = await call<proto.DiffResponse>((done) => client.diff(new proto.DiffRequest(), done));
    expect(response.getChanges()).toBe(proto.DiffResponse.DiffChanges.DIFF_SOME);
    expect(response.getReplacesList()).toEqual(["a"]);
    expect(response.getDiffsList()).toEqual(["a", "c"]);
    expect(response.getDeletebeforereplace()).toBe(true);
    expect(response.getDetaileddiffMap().get("c")?.toObject()).toEqual({
      kind: proto.PropertyDiff.Kind.DELETE,
      inputdiff: false,
    });
    expect(response.getDetaileddiffMap().get("a.b")?.getInputdiff()).toBe(true);
  });
});

describe("failures", () => {
  test("an error is its message, without a stack trace", async () => {
    const client = await connect({
      create: async () => {
        throw new Error("quota exceeded");
      },
    });
    await expect(call((done) => client.create(new proto.CreateRequest(), done))).rejects.toMatchObject({
      details: "quota exceeded",
    });
  });

  test("a half-made resource is told with its state", async () => {
    const state = { id: "/thing", inputs: { a: 1 }, outputs: { a: 1, password: new Secret("x") } };
    const client = await connect({
      create: async () => {
        throw new ResourceInitializationError(state, ["it stopped"]);
      },
    });
    const error = await call((done) => client.create(new proto.CreateRequest(), done)).then(
      () => undefined,
      (failure: ServiceError) => failure,
    );
    const [bytes] = error?.metadata.get("grpc-status-details-bin") ?? [];
    if (!(bytes instanceof Buffer)) throw new Error("no details");
    const detail = Status.deserializeBinary(bytes)
      .getDetailsList()[0]
      ?.unpack(
        (packed) => proto.ErrorResourceInitFailed.deserializeBinary(packed),
        "pulumirpc.ErrorResourceInitFailed",
      );
    expect(detail?.getId()).toBe("/thing");
    expect(detail?.getReasonsList()).toEqual(["it stopped"]);
    expect(unmarshalProperties(detail?.getInputs())).toEqual(state.inputs);
    expect(unmarshalProperties(detail?.getProperties())).toEqual(state.outputs);
  });

  test("what the protocol has for components is answered as not implemented", async () => {
    const client = await connect({});
    await expect(call((done) => client.construct(new proto.ConstructRequest(), done))).rejects.toMatchObject({
      code: 12,
    });
  });
});

test("a resource that is gone is an answer without an id", async () => {
  const client = await connect({ read: async () => undefined });
  const response = await call<proto.ReadResponse>((done) => client.read(new proto.ReadRequest(), done));
  expect(response.getId()).toBe("");
});

test("zero is no timeout", async () => {
  const create = vi.fn<ResourceProvider["create"]>(async () => ({ id: "x", outputs: {} }));
  const client = await connect({ create });
  const request = new proto.CreateRequest();
  await call((done) => client.create(request, done));
  request.setTimeout(90);
  await call((done) => client.create(request, done));
  expect(create.mock.calls.map(([{ timeoutSeconds }]) => timeoutSeconds)).toEqual([undefined, 90]);
});

test("cancel reaches an operation that is running", async () => {
  const client = await connect({
    create: (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
  });
  const created = call((done) => client.create(new proto.CreateRequest(), done));
  const refused = expect(created).rejects.toMatchObject({ details: "The operation was cancelled." });
  await call<Empty>((done) => client.cancel(new Empty(), done));
  await refused;
});

test("invoke gives a result or failures", async () => {
  const client = await connect({
    invoke: async ({ token }) =>
      token === "good" ? { result: { a: new Secret(1) } } : { failures: [{ property: "a", reason: "missing" }] },
  });
  const request = new proto.InvokeRequest();
  request.setTok("good");
  const good = await call<proto.InvokeResponse>((done) => client.invoke(request, done));
  expect(unmarshalProperties(good.getReturn())).toEqual({ a: new Secret(1) });
  request.setTok("bad");
  const bad = await call<proto.InvokeResponse>((done) => client.invoke(request, done));
  expect(bad.getFailuresList().map((failure) => failure.getReason())).toEqual(["missing"]);
});

test("messages reach the engine, with the resource they are about", async () => {
  const messages: [LogSeverity, string, string, boolean][] = [];
  const engine = new Server();
  engine.addService(EngineService, {
    log: ({ request }: { request: LogRequest }, callback: (error: null, response: Empty) => void) => {
      messages.push([request.getSeverity(), request.getUrn(), request.getMessage(), request.getEphemeral()]);
      callback(null, new Empty());
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    engine.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  try {
    const client = await connect(
      {
        create: async (_, { log }) => {
          log.warning("careful");
          log.status("waiting");
          return { id: "x", outputs: {} };
        },
      },
      `127.0.0.1:${port}`,
    );
    const request = new proto.CreateRequest();
    request.setUrn(urn);
    await call((done) => client.create(request, done));
    await expect.poll(() => messages).toHaveLength(2);
    expect(messages).toContainEqual([LogSeverity.WARNING, urn, "careful", false]);
    expect(messages).toContainEqual([LogSeverity.INFO, urn, "waiting", true]);
  } finally {
    engine.forceShutdown();
  }
});
