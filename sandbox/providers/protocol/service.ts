import { type handleUnaryCall, type ServerUnaryCall } from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { type Struct } from "google-protobuf/google/protobuf/struct_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { type IResourceProviderServer } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { type EngineConnection } from "./engine-log";
import { toServiceError, unimplemented } from "./errors";
import {
  type CallContext,
  type CheckFailure,
  type CheckRequest,
  type CheckResult,
  type DiffRequest,
  type DiffResult,
  type PropertyDiffKind,
  type ResourceIdentity,
  type ResourceProvider,
} from "./provider";
import { marshalProperties, unmarshalProperties } from "./wire-format";

/** Translates between Pulumi's `ResourceProvider` service and a provider of ours. */
export function createProviderService(provider: ResourceProvider, engine: EngineConnection): IResourceProviderServer {
  const cancellation = new AbortController();
  const construct = provider.construct?.bind(provider);

  /** Answers a call with what `handle` gives, or with the error it throws. */
  function answer<Request, Response>(
    handle: (request: Request, contextFor: (urn: string) => CallContext) => Promise<Response>,
  ): handleUnaryCall<Request, Response> {
    const contextFor = (urn: string): CallContext => ({ signal: cancellation.signal, log: engine.logFor(urn) });
    return (call, callback) => {
      handle(call.request, contextFor).then(
        (response) => callback(null, response),
        (error: unknown) => callback(toServiceError(error)),
      );
    };
  }

  /** For methods of the protocol that serve components and conversion, which these providers have none of. */
  function refuse<Request, Response>(method: string): handleUnaryCall<Request, Response> {
    return (_: ServerUnaryCall<Request, Response>, callback) => callback(unimplemented(method));
  }

  return {
    handshake: answer(async (request: proto.ProviderHandshakeRequest) => {
      engine.setAddress(request.getEngineAddress());
      const response = new proto.ProviderHandshakeResponse();
      response.setAcceptSecrets(provider.acceptsSecrets ?? true);
      response.setAcceptResources(false);
      response.setAcceptOutputs(false);
      response.setSupportsAutonamingConfiguration(provider.supportsAutonaming);
      return response;
    }),

    attach: answer(async (request) => {
      engine.setAddress(request.getAddress());
      return new Empty();
    }),

    getPluginInfo: answer(async () => {
      const info = new PluginInfo();
      info.setVersion(provider.version);
      return info;
    }),

    getSchema: answer(async () => {
      const response = new proto.GetSchemaResponse();
      const emptySchema = async (): Promise<string> =>
        JSON.stringify({ name: provider.name, version: provider.version });
      response.setSchema(await (provider.getSchema ?? emptySchema)());
      return response;
    }),

    checkConfig: answer(async (request, contextFor) => {
      const check = readCheckRequest(request);
      if (provider.checkConfig === undefined) return writeCheckResult({ inputs: check.newInputs });
      return writeCheckResult(await provider.checkConfig(check, contextFor(check.urn)));
    }),

    diffConfig: answer(async (request, contextFor) => {
      const diff = readDiffRequest(request);
      if (provider.diffConfig === undefined) return writeDiffResult({ changes: "none", detailedDiff: {} });
      return writeDiffResult(await provider.diffConfig(diff, contextFor(diff.urn)));
    }),

    configure: answer(async (request: proto.ConfigureRequest, contextFor) => {
      await provider.configure({ inputs: unmarshalProperties(request.getArgs()) }, contextFor(request.getUrn() ?? ""));
      const response = new proto.ConfigureResponse();
      response.setAcceptsecrets(provider.acceptsSecrets ?? true);
      response.setSupportspreview(true);
      response.setAcceptresources(false);
      response.setAcceptoutputs(false);
      response.setSupportsAutonamingConfiguration(provider.supportsAutonaming);
      return response;
    }),

    check: answer(async (request, contextFor) => {
      const check = readCheckRequest(request);
      return writeCheckResult(await provider.check(check, contextFor(check.urn)));
    }),

    diff: answer(async (request, contextFor) => {
      const diff = readDiffRequest(request);
      return writeDiffResult(await provider.diff(diff, contextFor(diff.urn)));
    }),

    create: answer(async (request: proto.CreateRequest, contextFor) => {
      const created = await provider.create(
        {
          ...readIdentity(request),
          ...readTimeout(request),
          inputs: unmarshalProperties(request.getProperties()),
          preview: request.getPreview(),
        },
        contextFor(request.getUrn()),
      );
      const response = new proto.CreateResponse();
      response.setId(created.id);
      response.setProperties(marshalProperties(created.outputs));
      return response;
    }),

    read: answer(async (request: proto.ReadRequest, contextFor) => {
      const found = await provider.read(
        {
          ...readIdentity(request),
          ...readTimeout(request),
          id: request.getId(),
          oldInputs: unmarshalProperties(request.getInputs()),
          oldOutputs: unmarshalProperties(request.getProperties()),
        },
        contextFor(request.getUrn()),
      );
      const response = new proto.ReadResponse();
      // An answer without an id says that there is no such resource.
      if (found === undefined) return response;
      response.setId(found.id);
      response.setProperties(marshalProperties(found.outputs));
      response.setInputs(marshalProperties(found.inputs));
      return response;
    }),

    update: answer(async (request: proto.UpdateRequest, contextFor) => {
      const outputs = await provider.update(
        { ...readDiffRequest(request), ...readTimeout(request), preview: request.getPreview() },
        contextFor(request.getUrn()),
      );
      const response = new proto.UpdateResponse();
      response.setProperties(marshalProperties(outputs));
      return response;
    }),

    delete: answer(async (request: proto.DeleteRequest, contextFor) => {
      await provider.delete(
        {
          ...readIdentity(request),
          ...readTimeout(request),
          id: request.getId(),
          oldInputs: unmarshalProperties(request.getOldInputs()),
          oldOutputs: unmarshalProperties(request.getProperties()),
        },
        contextFor(request.getUrn()),
      );
      return new Empty();
    }),

    invoke: answer(async (request: proto.InvokeRequest, contextFor) => {
      const outcome = await provider.invoke(
        { token: request.getTok(), args: unmarshalProperties(request.getArgs()) },
        contextFor(""),
      );
      const response = new proto.InvokeResponse();
      if ("failures" in outcome) response.setFailuresList(outcome.failures.map(writeCheckFailure));
      else response.setReturn(marshalProperties(outcome.result));
      return response;
    }),

    cancel: answer(async () => {
      cancellation.abort(new Error("The operation was cancelled."));
      return new Empty();
    }),

    parameterize: refuse("Parameterize"),
    call: refuse("Call"),
    construct:
      construct === undefined
        ? refuse("Construct")
        : answer<proto.ConstructRequest, proto.ConstructResponse>((request) => construct(request.getType())),
    getMapping: refuse("GetMapping"),
    getMappings: refuse("GetMappings"),
    list: (call) => {
      call.emit("error", unimplemented("List"));
    },
  };
}

/** What all requests about one resource have. */
interface ResourceRequest {
  getUrn(): string;
  getName(): string;
  getType(): string;
}

/** Engines before 3.140 leave out type and name; both are in the URN: `urn:pulumi:<stack>::<project>::<types>::<name>`. */
function readIdentity(request: ResourceRequest): ResourceIdentity {
  const urn = request.getUrn();
  const [, , types = "", ...nameParts] = urn.split("::");
  return {
    urn,
    type: request.getType() || types.slice(types.lastIndexOf("$") + 1),
    name: request.getName() || nameParts.join("::"),
  };
}

/** Zero stands for no timeout given. */
function readTimeout(request: { getTimeout(): number }): { timeoutSeconds?: number } {
  return request.getTimeout() > 0 ? { timeoutSeconds: request.getTimeout() } : {};
}

function readCheckRequest(request: proto.CheckRequest): CheckRequest {
  return {
    ...readIdentity(request),
    oldInputs: unmarshalProperties(request.getOlds()),
    newInputs: unmarshalProperties(request.getNews()),
    randomSeed: request.getRandomseed_asU8(),
    ...readAutonaming(request.getAutonaming()),
  };
}

function readAutonaming(options: proto.CheckRequest.AutonamingOptions | undefined): Pick<CheckRequest, "autonaming"> {
  if (options === undefined) return {};
  const proposedName = options.getProposedName();
  switch (options.getMode()) {
    case proto.CheckRequest.AutonamingOptions.Mode.PROPOSE:
      return { autonaming: { mode: "propose", proposedName } };
    case proto.CheckRequest.AutonamingOptions.Mode.ENFORCE:
      return { autonaming: { mode: "enforce", proposedName } };
    case proto.CheckRequest.AutonamingOptions.Mode.DISABLE:
      return { autonaming: { mode: "disable" } };
  }
}

function readDiffRequest(
  request: ResourceRequest & {
    getId(): string;
    getOldInputs(): Struct | undefined;
    getOlds(): Struct | undefined;
    getNews(): Struct | undefined;
    getIgnorechangesList(): string[];
  },
): DiffRequest {
  return {
    ...readIdentity(request),
    id: request.getId(),
    oldInputs: unmarshalProperties(request.getOldInputs()),
    oldOutputs: unmarshalProperties(request.getOlds()),
    newInputs: unmarshalProperties(request.getNews()),
    ignoreChanges: request.getIgnorechangesList(),
  };
}

function writeCheckResult(result: CheckResult): proto.CheckResponse {
  const response = new proto.CheckResponse();
  response.setInputs(marshalProperties(result.inputs));
  response.setFailuresList((result.failures ?? []).map(writeCheckFailure));
  return response;
}

function writeCheckFailure(failure: CheckFailure): proto.CheckFailure {
  const message = new proto.CheckFailure();
  message.setProperty(failure.property);
  message.setReason(failure.reason);
  return message;
}

const propertyDiffKinds: Readonly<Record<PropertyDiffKind, proto.PropertyDiff.Kind>> = {
  add: proto.PropertyDiff.Kind.ADD,
  "add-replace": proto.PropertyDiff.Kind.ADD_REPLACE,
  delete: proto.PropertyDiff.Kind.DELETE,
  "delete-replace": proto.PropertyDiff.Kind.DELETE_REPLACE,
  update: proto.PropertyDiff.Kind.UPDATE,
  "update-replace": proto.PropertyDiff.Kind.UPDATE_REPLACE,
};

function writeDiffResult(result: DiffResult): proto.DiffResponse {
  const entries = Object.entries(result.detailedDiff);
  const response = new proto.DiffResponse();
  response.setChanges(
    result.changes === "some" ? proto.DiffResponse.DiffChanges.DIFF_SOME : proto.DiffResponse.DiffChanges.DIFF_NONE,
  );
  response.setHasdetaileddiff(true);
  for (const [path, diff] of entries) {
    const message = new proto.PropertyDiff();
    message.setKind(propertyDiffKinds[diff.kind]);
    message.setInputdiff(diff.inputDiff ?? true);
    response.getDetaileddiffMap().set(path, message);
  }
  // The older, coarser form of the same answer: the engine prints and decides replacements by it.
  response.setDiffsList(distinct(entries.map(([path]) => firstStep(path))));
  response.setReplacesList(
    distinct(entries.filter(([, diff]) => diff.kind.endsWith("-replace")).map(([path]) => firstStep(path))),
  );
  response.setStablesList([...(result.stables ?? [])]);
  response.setDeletebeforereplace(result.deleteBeforeReplace ?? false);
  return response;
}

function firstStep(path: string): string {
  return path.split(/[.[]/, 1)[0] ?? path;
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}
