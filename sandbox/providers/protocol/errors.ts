import { Metadata, status, type ServiceError } from "@grpc/grpc-js";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { type PropertyMap } from "./property-value";
import { marshalProperties } from "./wire-format";

/** What the engine keeps in the state although the operation failed. */
export interface PartialState {
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
}

/**
 * The resource exists, but creating or updating it did not come to its end. The engine keeps it in the state, so that the next
 * `up` continues with it instead of creating a second one.
 */
export class ResourceInitializationError extends Error {
  override readonly name = "ResourceInitializationError";
  readonly state: PartialState;
  readonly reasons: readonly string[];

  constructor(state: PartialState, reasons: readonly string[]) {
    super(reasons.join("\n"));
    this.state = state;
    this.reasons = reasons;
  }
}

/** Makes the answer that says what went wrong. Stack traces stay here: the message is all the user sees. */
export function toServiceError(error: unknown): ServiceError {
  const message = error instanceof Error ? error.message : String(error);
  const metadata = new Metadata();
  if (error instanceof ResourceInitializationError) {
    metadata.set("grpc-status-details-bin", Buffer.from(describePartialState(error).serializeBinary()));
  }
  return serviceError(status.UNKNOWN, message, metadata);
}

/** The answer to a call that no provider of ours has an answer to. The engine then does without. */
export function unimplemented(method: string): ServiceError {
  return serviceError(status.UNIMPLEMENTED, `${method} is not implemented.`, new Metadata());
}

function serviceError(code: status, details: string, metadata: Metadata): ServiceError {
  return Object.assign(new Error(details), { code, details, metadata });
}

function describePartialState(error: ResourceInitializationError): Status {
  const failure = new ErrorResourceInitFailed();
  failure.setId(error.state.id);
  failure.setInputs(marshalProperties(error.state.inputs));
  failure.setProperties(marshalProperties(error.state.outputs));
  failure.setReasonsList([...error.reasons]);

  const detail = new Any();
  detail.pack(failure.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");

  const answer = new Status();
  answer.setCode(status.UNKNOWN);
  answer.setMessage(error.message);
  answer.addDetails(detail);
  return answer;
}
