import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import {
  Secret,
  containsSecret,
  formatPropertyPath,
  reveal,
  unknown,
  valuesEqual,
  type PropertyValue,
} from "../../../../sandbox/providers/protocol";

describe("a secret", () => {
  test("does not show itself", () => {
    const secret = new Secret("hunter2");
    const shown = [String(secret), JSON.stringify({ secret }), inspect({ secret }), `${secret}`];
    expect(shown.join()).not.toContain("hunter2");
  });

  test("in a secret is one secret", () => {
    expect(new Secret(new Secret("x")).value).toBe("x");
  });

  test("is revealed at every depth", () => {
    expect(reveal({ a: new Secret([{ b: new Secret(1) }]) })).toEqual({ a: [{ b: 1 }] });
  });

  test("is found at every depth", () => {
    expect(containsSecret({ a: [{ b: new Secret(null) }] })).toBe(true);
    expect(containsSecret({ a: [{ b: null }] })).toBe(false);
  });
});

describe("valuesEqual", () => {
  test.each<[PropertyValue, PropertyValue, boolean]>([
    [{ a: [1, { b: null }] }, { a: [1, { b: null }] }, true],
    [new Secret("x"), "x", true],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [{ a: 1, b: 2 }, { a: 1 }, false],
    [[1, 2], [1], false],
    [{ a: 1 }, { b: 1 }, false],
    [unknown, unknown, false],
    ["1", 1, false],
    [[], {}, false],
  ])("%o and %o", (left, right, equal) => {
    expect(valuesEqual(left, right)).toBe(equal);
  });
});

describe("formatPropertyPath", () => {
  test.each([
    [["a"], "a"],
    [["a", "b", 0, "c"], "a.b[0].c"],
    [["tags", "kubernetes.io/name"], 'tags["kubernetes.io/name"]'],
  ])("%j", (path, text) => {
    expect(formatPropertyPath(path)).toBe(text);
  });
});
