import { type Faults, type FaultName } from "./faults";
import { type ArmRequest, type ArmResponse } from "./http";
import { type Identity } from "./identity";
import { type LatencyProfile, milliseconds, type TimedAction } from "./latency";
import { type Operation, type Operations } from "./operations";
import { type ResourcePath } from "./resource-id";
import { type Settings } from "./settings";
import { type Store } from "./store";

/** What every resource provider of the emulator works with. */
export interface ArmContext {
  readonly store: Store;
  readonly operations: Operations;
  readonly faults: Faults;
  readonly identity: Identity;
  /** `https://localhost:PORT`. */
  readonly baseUrl: string;
  readonly now: () => number;
  readonly log: (line: string) => void;
  readonly latency: () => LatencyProfile;
  readonly settings: () => Settings;
}

/** A request to Azure Resource Manager with its path taken apart and its caller known. */
export interface ResourceRequest extends ArmRequest {
  readonly resource: ResourcePath;
  readonly apiVersion: string;
}

/** Answers a request, or undefined where it is none of the handler's. */
export type ResourceHandler = (
  context: ArmContext,
  request: ResourceRequest,
) => Promise<ArmResponse | undefined> | ArmResponse | undefined;

/** `METHOD path`, which faults are matched against. */
export function methodAndPath(request: ArmRequest): string {
  return `${request.method} ${request.path}`;
}

/** How long a new operation takes, and whether a fault makes it fail. */
export function operationPlan(
  context: ArmContext,
  request: ArmRequest,
  action: TimedAction,
): { milliseconds: number; failWith?: { code: string; message: string } } {
  const where = methodAndPath(request);
  const strikes = (name: FaultName): boolean => context.faults.strikes(name, where);
  const duration = milliseconds(context.latency(), action) * (strikes("slow-operation") ? 10 : 1);
  return strikes("failed-operation")
    ? {
        milliseconds: duration,
        failWith: {
          code: "InternalOperationError",
          message: "Internal server error. (Fault failed-operation of the sandbox.)",
        },
      }
    : { milliseconds: duration };
}

/** When a client should ask again about an operation: what is left of it, within one and ten seconds. */
export function retryAfter(context: ArmContext, operation: Operation): string {
  const seconds = Math.round((operation.dueAt - context.now()) / 1000);
  return String(Math.min(10, Math.max(1, seconds)));
}
