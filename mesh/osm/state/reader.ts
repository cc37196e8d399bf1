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
} from "../../manifests";

/** Takes typed values out of an object's JSON and reports what has another type than the API server would store. */
export interface Reader {
  readonly object: KubernetesObject;
  report(path: ValuePath, message: string, severity?: Severity): void;
  /** A JSON object; an absent one is empty. */
  record(value: unknown, path: ValuePath): JsonObject;
  /** A list; an absent one is empty. */
  list(value: unknown, path: ValuePath): readonly unknown[];
  text(value: unknown, path: ValuePath): string | undefined;
  integer(value: unknown, path: ValuePath): number | undefined;
  flag(value: unknown, path: ValuePath): boolean | undefined;
  /** A list of strings; an absent one is empty. */
  texts(value: unknown, path: ValuePath): readonly string[];
  /** A map from strings to strings; an absent one is empty. */
  textMap(value: unknown, path: ValuePath): Readonly<Record<string, string>>;
}

const nothing: JsonObject = {};
const none: readonly never[] = [];
const noTexts: Readonly<Record<string, string>> = {};

/** A reader of one object that adds to the problems. */
export function readerOf(object: KubernetesObject, positions: Positions, problems: Problem[]): Reader {
  const report = (path: ValuePath, message: string, severity: Severity = "error"): void => {
    const position = positions.of(object, path);
    problems.push({
      severity,
      message,
      object: describeObject(object),
      ...(path.length > 0 && { property: formatPath(path) }),
      ...(position && { position }),
    });
  };
  const absent = (value: unknown): boolean => value === undefined || value === null;
  const text = (value: unknown, path: ValuePath): string | undefined => {
    if (absent(value)) return undefined;
    if (typeof value === "string") return value;
    report(path, `Must be a string, is ${kindOf(value)}. Put quotes around it.`);
    return undefined;
  };
  return {
    object,
    report,
    text,
    record(value, path) {
      if (absent(value)) return nothing;
      if (isJsonObject(value)) return value;
      report(path, `Must be an object, is ${kindOf(value)}.`);
      return nothing;
    },
    list(value, path) {
      if (absent(value)) return none;
      if (Array.isArray(value)) return value;
      report(path, `Must be a list, is ${kindOf(value)}.`);
      return none;
    },
    integer(value, path) {
      if (absent(value)) return undefined;
      if (typeof value === "number" && Number.isInteger(value)) return value;
      report(path, `Must be an integer, is ${typeof value === "number" ? String(value) : kindOf(value)}.`);
      return undefined;
    },
    flag(value, path) {
      if (absent(value)) return undefined;
      if (typeof value === "boolean") return value;
      report(path, `Must be true or false, is ${kindOf(value)}.`);
      return undefined;
    },
    texts(value, path) {
      const found: string[] = [];
      this.list(value, path).forEach((item, index) => {
        const read = text(item, [...path, index]);
        if (read !== undefined) found.push(read);
      });
      return found;
    },
    textMap(value, path) {
      if (absent(value)) return noTexts;
      const found: Record<string, string> = {};
      for (const [key, item] of Object.entries(this.record(value, path))) {
        const read = text(item, [...path, key]);
        if (read !== undefined) found[key] = read;
      }
      return found;
    },
  };
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
