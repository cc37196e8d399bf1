import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { describeError } from "./errors";
import { type Json, type JsonObject, numberAt, objectAt, stringAt } from "./json";
import { type Change, mergeChanges, type Store } from "./store";

/** One long-running operation. Kept in the store, so that it is finished after a restart. */
export interface Operation {
  readonly id: string;
  /** Which handler carries it out. */
  readonly kind: string;
  /** Id of the resource it works on, as Azure writes it. */
  readonly target: string;
  /** What nothing else may work on meanwhile: a lower-case cluster id. */
  readonly lock: string | undefined;
  readonly subscriptionId: string;
  readonly startedAt: number;
  /** It takes at least until then, in milliseconds since 1970. */
  readonly dueAt: number;
  readonly status: "InProgress" | "Succeeded" | "Failed";
  readonly endedAt: number | undefined;
  readonly error: { readonly code: string; readonly message: string } | undefined;
  /** What the handler needs besides the target. */
  readonly input: JsonObject;
  /** A fault: the work is done, then the operation fails. */
  readonly failWith: { readonly code: string; readonly message: string } | undefined;
}

/** How one kind of operation is carried out. Everything may run again after a kill: it has to be idempotent. */
export interface OperationHandler {
  /** The slow part. A throw makes the operation fail. */
  work(operation: Operation): Promise<void>;
  /** The change that ends it well, committed together with its status. */
  succeed(operation: Operation): Change;
  /** The change that ends it badly. */
  fail(operation: Operation, error: { code: string; message: string }): Change;
}

/** What a new operation is started from. */
export interface OperationStart {
  readonly kind: string;
  readonly target: string;
  readonly lock?: string;
  readonly subscriptionId: string;
  readonly milliseconds: number;
  readonly input?: JsonObject;
  readonly failWith?: { readonly code: string; readonly message: string };
}

/** Runs long-running operations. */
export interface Operations {
  /** Commits the change together with a new operation, and starts it. */
  start(start: OperationStart, change: Change): Operation;
  get(id: string): Operation | undefined;
  /** Operations that still run. */
  running(): Operation[];
  /** The operation that holds a lock now, or undefined. */
  holding(lock: string): Operation | undefined;
  /** Starts again what was in flight when the process ended. */
  resume(): void;
  /** Ends no operation, but finishes none any more: the next process resumes them. Resolves when no work goes on. */
  stop(): Promise<void>;
  /** Aborted by `stop`: for work that waits. */
  readonly stopping: AbortSignal;
}

const PREFIX = "operation:";
/** Records of finished operations are kept this long. */
const KEEP_MILLISECONDS = 24 * 3600 * 1000;

/** Opens the operations that the store holds. `log` gets a line for every end. */
export function openOperations(options: {
  readonly store: Store;
  readonly handlers: Readonly<Record<string, OperationHandler>>;
  readonly now: () => number;
  readonly log: (line: string) => void;
}): Operations {
  const { store, handlers, now, log } = options;
  const aborter = new AbortController();
  const inFlight = new Set<Promise<void>>();

  function all(): Operation[] {
    return store.list(PREFIX).map(({ value }) => fromJson(value));
  }

  async function run(operation: Operation): Promise<void> {
    const handler = handlers[operation.kind];
    if (handler === undefined) throw new Error(`No handler for operations of kind ${operation.kind}.`);
    let failure = operation.failWith;
    try {
      // The work goes on while the clock does: the emulated duration is a minimum, not an addition.
      await Promise.all([
        handler.work(operation),
        sleep(Math.max(0, operation.dueAt - now()), undefined, { signal: aborter.signal }),
      ]);
    } catch (error) {
      if (aborter.signal.aborted) return;
      failure = describeError(error);
      log(
        `${operation.kind} ${operation.target}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    }
    if (aborter.signal.aborted) return;
    const ended: Operation = { ...operation, status: failure ? "Failed" : "Succeeded", endedAt: now(), error: failure };
    const change = failure ? handler.fail(ended, failure) : handler.succeed(ended);
    const outdated = store
      .list(PREFIX)
      .filter(({ value }) => (numberAt(value, "endedAt") ?? Infinity) < now() - KEEP_MILLISECONDS)
      .map(({ key }) => key);
    store.commit(mergeChanges({ delete: outdated }, change, { put: { [PREFIX + operation.id]: toJson(ended) } }));
    log(
      `${operation.kind} ${operation.target}: ${ended.status}${failure ? ` (${failure.code}: ${failure.message})` : ""}`,
    );
  }

  function launch(operation: Operation): void {
    const running = run(operation)
      .catch((error: unknown) => log(`${operation.kind} ${operation.target}: ${String(error)}`))
      .finally(() => inFlight.delete(running));
    inFlight.add(running);
  }

  return {
    start(start, change) {
      const operation: Operation = {
        id: randomUUID(),
        kind: start.kind,
        target: start.target,
        lock: start.lock,
        subscriptionId: start.subscriptionId,
        startedAt: now(),
        dueAt: now() + start.milliseconds,
        status: "InProgress",
        endedAt: undefined,
        error: undefined,
        input: start.input ?? {},
        failWith: start.failWith,
      };
      store.commit(mergeChanges(change, { put: { [PREFIX + operation.id]: toJson(operation) } }));
      launch(operation);
      return operation;
    },
    get(id) {
      const found = store.get(PREFIX + id.toLowerCase());
      return found === undefined ? undefined : fromJson(found);
    },
    running: () => all().filter((operation) => operation.status === "InProgress"),
    holding: (lock) => all().find((operation) => operation.status === "InProgress" && operation.lock === lock),
    resume() {
      for (const operation of all()) if (operation.status === "InProgress") launch(operation);
    },
    stopping: aborter.signal,
    async stop() {
      aborter.abort();
      await Promise.allSettled(inFlight);
    },
  };
}

function toJson(operation: Operation): JsonObject {
  return {
    ...operation,
    error: operation.error && { ...operation.error },
    failWith: operation.failWith && { ...operation.failWith },
  };
}

function fromJson(value: JsonObject): Operation {
  const status = stringAt(value, "status");
  return {
    id: stringAt(value, "id") ?? "",
    kind: stringAt(value, "kind") ?? "",
    target: stringAt(value, "target") ?? "",
    lock: stringAt(value, "lock"),
    subscriptionId: stringAt(value, "subscriptionId") ?? "",
    startedAt: numberAt(value, "startedAt") ?? 0,
    dueAt: numberAt(value, "dueAt") ?? 0,
    status: status === "Succeeded" || status === "Failed" ? status : "InProgress",
    endedAt: numberAt(value, "endedAt"),
    error: problem(value["error"]),
    input: objectAt(value, "input"),
    failWith: problem(value["failWith"]),
  };
}

function problem(value: Json | undefined): { code: string; message: string } | undefined {
  const code = stringAt(value, "code");
  return code === undefined ? undefined : { code, message: stringAt(value, "message") ?? "" };
}
