import {
  describeObject,
  formatPath,
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  type Positions,
  type Problem,
  type Severity,
  type ValuePath,
} from ".";

/** A path, or what puts it together for a message. */
export type Place = ValuePath | (() => ValuePath);

/** Takes typed values out of an object's JSON and reports what has another type than the API server would store. */
export interface Reader {
  readonly object: KubernetesObject;
  report(path: ValuePath, message: string, severity?: Severity): void;
  // The key below the path comes apart, and paths may, so that they are put together only for messages.
  /** A JSON object; an absent one is empty. */
  record(value: unknown, path: Place, key?: string): JsonObject;
  /** A list; an absent one is empty. */
  list(value: unknown, path: Place, key?: string): readonly unknown[];
  text(value: unknown, path: Place, key?: string | number): string | undefined;
  integer(value: unknown, path: Place, key?: string | number): number | undefined;
  flag(value: unknown, path: Place, key?: string): boolean | undefined;
  /** A list of strings; an absent one is empty. */
  texts(value: unknown, path: Place, key?: string): readonly string[];
  /** A map from strings to strings; an absent one is empty. */
  textMap(value: unknown, path: Place, key?: string): Readonly<Record<string, string>>;
}

const nothing: JsonObject = {};
const none: readonly never[] = [];
const noTexts: Readonly<Record<string, string>> = {};

/** Gives a reader of one object after the other; a reader is good until the next is asked for. */
export function readers(positions: Positions, problems: Problem[]): (object: KubernetesObject) => Reader {
  let current: KubernetesObject = { apiVersion: "", kind: "", metadata: { name: "" } };
  const report = (path: ValuePath, message: string, severity: Severity = "error"): void => {
    const position = positions.of(current, path);
    problems.push({
      severity,
      message,
      object: describeObject(current),
      ...(path.length > 0 && { property: formatPath(path) }),
      ...(position && { position }),
    });
  };
  const at = (place: Place, key: string | number | undefined): ValuePath => {
    const path = typeof place === "function" ? place() : place;
    return key === undefined ? path : [...path, key];
  };
  const absent = (value: unknown): boolean => value === undefined || value === null;
  const text: Reader["text"] = (value, path, key) => {
    if (typeof value === "string") return value;
    if (!absent(value)) report(at(path, key), `Must be a string, is ${kindOf(value)}. Put quotes around it.`);
    return undefined;
  };
  const record: Reader["record"] = (value, path, key) => {
    if (isJsonObject(value)) return value;
    if (!absent(value)) report(at(path, key), `Must be an object, is ${kindOf(value)}.`);
    return nothing;
  };
  const list: Reader["list"] = (value, path, key) => {
    if (Array.isArray(value)) return value;
    if (!absent(value)) report(at(path, key), `Must be a list, is ${kindOf(value)}.`);
    return none;
  };
  const reader: Reader = {
    get object() {
      return current;
    },
    report,
    record,
    list,
    text,
    integer(value, path, key) {
      if (typeof value === "number" && Number.isInteger(value)) return value;
      if (!absent(value)) {
        const found = typeof value === "number" ? String(value) : kindOf(value);
        report(at(path, key), `Must be an integer, is ${found}.`);
      }
      return undefined;
    },
    flag(value, path, key) {
      if (typeof value === "boolean") return value;
      if (!absent(value)) report(at(path, key), `Must be true or false, is ${kindOf(value)}.`);
      return undefined;
    },
    texts(value, path, key) {
      if (absent(value)) return none;
      if (isTexts(value)) return value;
      const found: string[] = [];
      list(value, path, key).forEach((item, index) => {
        const read = typeof item === "string" ? item : text(item, at(path, key), index);
        if (read !== undefined) found.push(read);
      });
      return found;
    },
    textMap(value, path, key) {
      if (absent(value)) return noTexts;
      const found: Record<string, string> = {};
      for (const [name, item] of Object.entries(record(value, path, key))) {
        const read = typeof item === "string" ? item : text(item, at(path, key), name);
        if (read !== undefined) found[name] = read;
      }
      return found;
    },
  };
  return (object) => {
    current = object;
    return reader;
  };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
