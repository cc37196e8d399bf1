/** Remembers a function's answers. */
export function memo<A, R>(compute: (argument: A) => R): (argument: A) => R {
  let known: Map<A, R> | undefined;
  return (argument) => {
    const found = known?.get(argument);
    if (found !== undefined) return found;
    const result = compute(argument);
    (known ??= new Map()).set(argument, result);
    return result;
  };
}

/** Makes a value when it is first asked for. */
export function memoOnce<R>(compute: () => R): () => R {
  let known: { readonly value: R } | undefined;
  return () => (known ??= { value: compute() }).value;
}

/** Up to so many values are searched one by one: most lists are short, and a map of each would take more memory than all. */
const few = 16;

/** Finds the first of the values that has a key. */
export function lookUp<K, V>(values: readonly V[], keyOf: (value: V) => K): (key: K) => V | undefined {
  if (values.length <= few) return (key) => values.find((value) => keyOf(value) === key);
  const index = new Map<K, V>();
  for (const value of values) {
    const key = keyOf(value);
    if (!index.has(key)) index.set(key, value);
  }
  return (key) => index.get(key);
}

/** Values by what they have in common, in their order. */
export function groupBy<K, V>(values: Iterable<V>, keyOf: (value: V) => K): ReadonlyMap<K, readonly V[]> {
  const groups = new Map<K, V[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
