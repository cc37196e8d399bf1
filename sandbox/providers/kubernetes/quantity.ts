import type { Json } from "./client/json";

const decimal: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binary = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

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

/**
 * A quantity in the words in which the API server gives it back: `0.1` as `100m`, `1024Mi` as `1Gi`, `2000m` as `2`. What is no
 * quantity stays as it is. (k8s.io/apimachinery, pkg/api/resource: no fraction, the largest suffix, the same base.)
 */
export function canonicalQuantity(value: Json): Json {
  if (typeof value !== "string" && typeof value !== "number") return value;
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE])([+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i)?)$/.exec(String(value));
  const [, sign = "", whole = "", fraction = "", exponentMark, exponent, suffix = ""] = match ?? [];
  if (match === null || whole + fraction === "") return value;
  const digits = BigInt(whole + fraction);
  const minus = sign === "-" ? "-" : "";
  if (digits === 0n) return "0";
  const power = binary.indexOf(suffix);
  if (power > 0) {
    const bytes = divideUp(digits * 1024n ** BigInt(power), 10n ** BigInt(fraction.length));
    const [mantissa, rest] = factorOut(bytes, 1024n, binary.length - 1);
    return `${minus}${mantissa}${binary[rest] ?? ""}`;
  }
  // In nano, below which Kubernetes counts nothing.
  const scale = Number(exponent ?? decimal[suffix] ?? 0) - fraction.length + 9;
  const nano = scale >= 0 ? digits * 10n ** BigInt(scale) : divideUp(digits, 10n ** BigInt(-scale));
  const [mantissa, thousands] = factorOut(nano, 1000n, 9);
  const tens = thousands * 3 - 9;
  if (exponentMark !== undefined) return `${minus}${mantissa}${tens === 0 ? "" : `e${tens}`}`;
  const named = Object.entries(decimal).find(([, candidate]) => candidate === tens);
  return named === undefined ? value : `${minus}${mantissa}${named[0]}`;
}

function divideUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor;
}

/** Takes a factor out as often as it goes without a rest, at most `limit` times. */
function factorOut(value: bigint, factor: bigint, limit: number): [mantissa: bigint, times: number] {
  let mantissa = value;
  let times = 0;
  while (times < limit && mantissa % factor === 0n) {
    mantissa /= factor;
    times++;
  }
  return [mantissa, times];
}
