import * as fc from "fast-check";

/** Draws random values one by one. What is drawn may depend on what was drawn before. */
export interface Draw {
  /** An integer, both ends included. */
  integer(min: number, max: number): number;
  /** True once in so many times. */
  oneIn(times: number): boolean;
  /** One of the values. */
  pick<T>(values: readonly [T, ...(readonly T[])]): T;
  /** One of the values; undefined where there are none. */
  maybe<T>(values: readonly T[]): T | undefined;
  /** A list of so many values. */
  list<T>(min: number, max: number, item: () => T): T[];
  /** Some of the values, in their order. */
  some<T>(values: readonly T[]): T[];
}

/** An arbitrary whose values are drawn by a function. */
export function drawn<T>(build: (draw: Draw) => T): fc.Arbitrary<T> {
  return fc.gen().map((generate) => {
    const integer = (min: number, max: number): number => generate(fc.integer, { min, max });
    const maybe = <V>(values: readonly V[]): V | undefined => values[integer(0, Math.max(0, values.length - 1))];
    return build({
      integer,
      oneIn: (times) => integer(1, times) === 1,
      pick: (values) => values[integer(0, values.length - 1)] ?? values[0],
      maybe,
      list: (min, max, item) => Array.from({ length: integer(min, max) }, item),
      some: (values) => values.filter(() => integer(0, 1) === 1),
    });
  });
}
