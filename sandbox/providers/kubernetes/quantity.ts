import type { Json } from "./client/json";

const suffixes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Members whose values are quantities: maps of resources to amounts, and the few that stand alone. */
const amountMaps: ReadonlySet<string> = new Set([
  "capacity",
  "default",
  "defaultRequest",
  "hard",
  "limits",
  "max",
  "min",
  "overhead",
  "requests",
]);
const amounts: ReadonlySet<string> = new Set(["averageValue", "divisor", "sizeLimit"]);

/** Whether a member holds a Kubernetes quantity, judged by its name and its parent's. */
export function holdsQuantity(parent: string, key: string): boolean {
  return amountMaps.has(parent) || amounts.has(key);
}

/** Whether two values are the same quantity in other words, as `0.5` and `500m`: the server rewrites them. */
export function sameQuantity(left: Json, right: Json): boolean {
  const [a, b] = [parseQuantity(left), parseQuantity(right)];
  return a !== undefined && b !== undefined && Math.abs(a - b) <= Math.abs(a) * 1e-12;
}

function parseQuantity(value: Json): number | undefined {
  const match = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([a-zA-Z]*)$/.exec(String(value));
  const factor = match === null ? undefined : suffixes[match[2] ?? ""];
  return match === null || factor === undefined ? undefined : Number(match[1]) * factor;
}
