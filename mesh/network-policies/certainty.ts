/** Whether something is so, as far as the objects tell. */
export type Certainty = "yes" | "no" | "maybe";

/** Whether all of it is so. */
export function every<T>(items: Iterable<T>, is: (item: T) => Certainty): Certainty {
  let found: Certainty = "yes";
  for (const item of items) {
    const one = is(item);
    if (one === "no") return "no";
    if (one === "maybe") found = "maybe";
  }
  return found;
}

/** Whether any of it is so. */
export function some<T>(items: Iterable<T>, is: (item: T) => Certainty): Certainty {
  let found: Certainty = "no";
  for (const item of items) {
    const one = is(item);
    if (one === "yes") return "yes";
    if (one === "maybe") found = "maybe";
  }
  return found;
}

/** Where "yes" is open to doubt. */
export function atMostMaybe(found: Certainty): Certainty {
  return found === "yes" ? "maybe" : found;
}
