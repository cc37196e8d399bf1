import { isJsonObject, type JsonObject } from "../../mesh/manifests";

/** Leaves out whatever an object's spec can do without: of what `holds` says that it is so, the smallest that is found step by step. */
export async function smaller(
  object: JsonObject,
  holds: (objects: readonly JsonObject[]) => Promise<readonly boolean[]>,
): Promise<JsonObject> {
  let best = object;
  for (;;) {
    const candidates = without(best["spec"] ?? {}).map((spec): JsonObject => ({ ...best, spec }));
    const kept = await holds(candidates);
    const next = candidates.find((_, index) => kept[index] === true);
    if (next === undefined) return best;
    best = next;
  }
}

/** All values with one part less, the largest parts first. */
function without(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return [
      ...items.map((_, index) => items.filter((_, at) => at !== index)),
      ...items.flatMap((item, index) =>
        without(item).map((less) => items.map((one, at) => (at === index ? less : one))),
      ),
    ];
  }
  if (!isJsonObject(value)) return [];
  const fields = Object.entries(value);
  return [
    ...fields.map(([name]) => Object.fromEntries(fields.filter(([other]) => other !== name))),
    ...fields.flatMap(([name, one]) => without(one).map((less) => ({ ...value, [name]: less }))),
  ];
}
