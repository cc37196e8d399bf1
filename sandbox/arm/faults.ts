import { ArmError } from "./errors";
import { isObject, type Json, type JsonObject, numberAt, stringAt } from "./json";
import { type Store } from "./store";

/** Everything that can be made to go wrong, and what then happens. */
export const faultDescriptions = {
  throttle: "429 TooManyRequests with Retry-After",
  conflict: "409 OperationNotAllowed, as while another operation runs",
  "server-error": "500 InternalServerError",
  unavailable: "503 ServiceUnavailable",
  "connection-reset": "the connection is reset before the request is looked at",
  "lost-response": "the request is carried out and the connection is reset instead of an answer",
  "slow-operation": "a long-running operation takes ten times as long",
  "failed-operation": "a long-running operation ends in Failed",
  quota: "creating a cluster or an agent pool is refused: ErrCode_InsufficientVCPUQuota",
  "feature-flapping": "every second read of a feature answers with the state before the last change",
  "feature-pending": "registering a feature stays Pending, as if a person had to approve it",
  "late-crds": "Open Service Mesh's custom resource definitions come 30 s late",
} as const;

export type FaultName = keyof typeof faultDescriptions;

/** Names of all faults. */
export const faultNames: readonly string[] = Object.keys(faultDescriptions);

function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(faultDescriptions, name);
}

/** Switches faults on and off, and says when one strikes. Active faults survive a restart. */
export interface Faults {
  /** Active faults as JSON. */
  list(): JsonObject[];
  /** Switches one on from `{name, count?, match?, seconds?}`. @throws ArmError 400 that names the wrong property. */
  add(value: Json): JsonObject;
  /** Switches one off, or all. */
  remove(name: string | undefined): void;
  /** Whether the fault strikes `METHOD path` now; uses up one of its count. */
  strikes(name: FaultName, methodAndPath: string): boolean;
  /** Whether the fault is on, without using up any of its count. */
  active(name: FaultName, methodAndPath: string): boolean;
}

const PREFIX = "fault:";

/** Opens the faults that the store holds. */
export function openFaults(store: Store, now: () => number): Faults {
  function find(name: FaultName, methodAndPath: string): JsonObject | undefined {
    const fault = store.get(PREFIX + name);
    if (fault === undefined) return undefined;
    const until = numberAt(fault, "until");
    if (until !== undefined && now() >= until) {
      store.commit({ delete: [PREFIX + name] });
      return undefined;
    }
    const match = stringAt(fault, "match");
    if (match !== undefined && !methodAndPath.toLowerCase().includes(match.toLowerCase())) return undefined;
    return fault;
  }

  return {
    list() {
      return store
        .list(PREFIX)
        .map(({ value }) => value)
        .filter((fault) => (numberAt(fault, "until") ?? Infinity) > now());
    },
    add(value) {
      const invalid = (message: string): ArmError => new ArmError(400, "InvalidFault", message);
      if (!isObject(value)) throw invalid("an object {name, count?, match?, seconds?} is expected.");
      const name = stringAt(value, "name");
      if (name === undefined || !isFaultName(name)) throw invalid(`name: write one of ${faultNames.join(", ")}.`);
      for (const property of ["count", "seconds"]) {
        const number = value[property];
        if (number !== undefined && (typeof number !== "number" || !(number > 0))) {
          throw invalid(`${property}: a number greater than 0 is expected.`);
        }
      }
      const match = value["match"];
      if (match !== undefined && typeof match !== "string") {
        throw invalid('match: a part of "METHOD path" is expected, for instance "PUT" or "agentPools/user".');
      }
      const seconds = numberAt(value, "seconds");
      const fault: JsonObject = {
        name,
        count: numberAt(value, "count"),
        match,
        until: seconds === undefined ? undefined : now() + seconds * 1000,
        struck: 0,
      };
      store.commit({ put: { [PREFIX + name]: fault } });
      return fault;
    },
    remove(name) {
      const keys = name === undefined ? store.list(PREFIX).map(({ key }) => key) : [PREFIX + name];
      store.commit({ delete: keys });
    },
    strikes(name, methodAndPath) {
      const fault = find(name, methodAndPath);
      if (fault === undefined) return false;
      const count = numberAt(fault, "count");
      if (count === 1) store.commit({ delete: [PREFIX + name] });
      else {
        const struck = (numberAt(fault, "struck") ?? 0) + 1;
        store.commit({
          put: { [PREFIX + name]: { ...fault, count: count === undefined ? undefined : count - 1, struck } },
        });
      }
      return true;
    },
    active(name, methodAndPath) {
      return find(name, methodAndPath) !== undefined;
    },
  };
}
