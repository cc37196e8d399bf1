import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Automaton, nowhere, TooComplexError } from "../../../mesh/regex/automaton";
import { difference, exampleOf, intersection, languageOf, prefixesDiffer } from "../../../mesh/regex/language";
import { compilePattern, fullMatch, isPatternError, isPlainPattern, patternFault } from "../../../mesh/regex/pattern";

function accepts({ letterOf, letters, next, ends }: Automaton, bytes: readonly number[]): boolean {
  const last = bytes.reduce(
    (state, byte) => (state === nowhere ? nowhere : (next[state * letters + (letterOf[byte] ?? 0)] ?? nowhere)),
    0,
  );
  return ends[last] === 1;
}

/** Patterns with RE2's odd corners: flags, classes, anchors, boundaries, non-greedy and bounded repeats. */
const atoms = fc.constantFrom(
  "a",
  "b",
  "/",
  ".",
  "x1",
  "[ab]",
  "[^/]",
  "\\d",
  "\\w",
  "\\W",
  "\\pL",
  "\\PN",
  "[[:alpha:]]",
  "\\x{61}",
  "\\x62",
  "\\Qa.b\\E",
  "^",
  "$",
  "\\b",
  "\\B",
  "\\A",
  "\\z",
  "(?i)aB",
  "(?s).",
  "(?m)^a$",
  "(?-s).",
  "(?i:K)",
  "[a-c&&b]",
  "\\.",
  "\\-",
  "()",
  "\\t",
);
const pattern = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    atoms,
    fc.tuple(tie("node"), tie("node")).map(([a, b]) => `${a}${b}`),
    fc.tuple(tie("node"), tie("node")).map(([a, b]) => `(?:${a}|${b})`),
    fc
      .tuple(tie("node"), fc.constantFrom("*", "+", "?", "*?", "+?", "{1,2}", "{2}", "{0,3}?"))
      .map(([a, q]) => `(${a})${q}`),
  ),
})).node;
const text = fc.string({
  unit: fc.constantFrom("a", "b", "A", "K", "k", "1", "/", ".", "-", " ", "\n", "\t"),
  maxLength: 6,
});

describe("patterns that are taken without compiling them", () => {
  const piece = fc.constantFrom(
    ..."a . / - ~ \\. \\- [a-z] [^/] [^a-zA-Z0-9_-] [x] [-] [a- ( ) * + ? {2} | ^ $ \\w \\".split(" "),
  );
  const source = fc.array(piece, { minLength: 1, maxLength: 12 }).map((pieces) => pieces.join(""));
  const right = fc.constantFrom(
    "a",
    "/x",
    "\\.",
    "[a-z]+",
    "[_a-z]?",
    "[^a-c]*",
    ".",
    ".*",
    "(ab)+",
    "([a-z]x)?",
    "a?",
    "b+",
  );
  const long = fc.array(right, { minLength: 8, maxLength: 40 }).map((pieces) => pieces.join(""));

  it("are right, and small enough for Envoy", () => {
    const taken = [...fc.sample(source, 20_000), ...fc.sample(long, 2000)]
      .filter((one) => isPlainPattern(one))
      // The group around it keeps the compiler from being spared here too; it adds no instruction.
      .map((one) => compilePattern(`(?:${one})`));
    expect(taken.length).toBeGreaterThan(1500);
    expect(taken.filter((one) => isPatternError(one) || one.size > 100)).toEqual([]);
    expect(Math.max(...taken.map((one) => (isPatternError(one) ? 0 : one.size)))).toBeGreaterThan(50);
  });

  it("leave long ones to the compiler", () => {
    expect(isPlainPattern("a".repeat(96))).toBe(true);
    expect(isPlainPattern("a".repeat(97))).toBe(false);
    expect(patternFault("a".repeat(96))).toBeUndefined();
    expect(patternFault("a".repeat(97))).toMatchObject({ by: "Envoy" });
  });
});

describe("automata of patterns", () => {
  it("accept exactly what RE2 matches as a whole", () => {
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 1, maxLength: 12 }), (source, texts) => {
        fc.pre(!isPatternError(compilePattern(source)));
        const language = languageOf(source);
        for (const one of texts) {
          const word = Array.from(one, (character) => character.charCodeAt(0));
          const accepted = accepts(language.automaton, word);
          // Asserted only where it fails: the assertion takes longer than all that it compares.
          if (accepted !== fullMatch(source, one)) expect({ source, one, accepted }).toBe("what RE2 says");
        }
        const example = exampleOf(language);
        if (example !== undefined)
          expect([source, example, fullMatch(source, example)]).toEqual([source, example, true]);
      }),
      { numRuns: 1500, seed: 20261121 },
    );
  });

  it("tell overlap, and give a text of both", () => {
    fc.assert(
      fc.property(pattern, pattern, (a, b) => {
        fc.pre(!isPatternError(compilePattern(a)) && !isPatternError(compilePattern(b)));
        const both = intersection(languageOf(a), languageOf(b));
        const example = exampleOf(both);
        if (prefixesDiffer(a, b)) expect([a, b, example]).toEqual([a, b, undefined]);
        // Equal languages are one object, whatever they were made of.
        expect(intersection(languageOf(b), languageOf(a))).toBe(both);
        if (example !== undefined) expect([fullMatch(a, example), fullMatch(b, example)]).toEqual([true, true]);
        const left = exampleOf(difference(languageOf(a), languageOf(b)));
        if (left !== undefined) expect([fullMatch(a, left), fullMatch(b, left)]).toEqual([true, false]);
      }),
      { numRuns: 400, seed: 7 },
    );
  });

  it.each([".*a.{40}", "(.*a.{15}){3}"])("are refused where %s needs too many states", (source) => {
    expect(() => languageOf(source)).toThrow(TooComplexError);
  });

  it.each(["(?:(?:a?){100}){100}", "((a{1,100}){1,10}b*)*c.{30}"])(
    "are made where %s only looks like that",
    (source) => {
      expect(() => languageOf(source)).not.toThrow();
    },
  );

  it("read well in examples", () => {
    expect(exampleOf(languageOf("/api/v[0-9]+/users/[^/]+"))).toBe("/api/v0/users/x");
    expect(exampleOf(languageOf(".*a-book.*new"))).toBe("a-booknew");
  });
});

describe("sizes in Envoys up to 1.38, where RE2 reads UTF-8", () => {
  // What Google's RE2 gives; the first two were printed by Envoy 1.36.2, 1.36.4, 1.37.0 and 1.38.2 as well.
  it.each([
    [".{1,40}", 123, 363],
    ["[^/]{25}", 54, 204],
    ["/[A-Za-z0-9_-]{24}", 101, 101],
    [".*a-book.*new", 17, 29],
    ["(a.b|c.d)*", 14, 26],
    ["(?s).*", 6, 11],
    ["(?i)kiss", 8, 15],
    ["(?i)[a-z]+", 6, 11],
    ["/api/v[12]/(users|user|usage)/.+", 27, 33],
  ])("%s: %d and %d instructions", (source, size, utf8Size) => {
    expect(compilePattern(source)).toMatchObject({ size, utf8Size });
  });

  it("count where they alone are too large", () => {
    expect(patternFault("[^/]{25}")?.message).toMatch(/204 instructions in Envoys up to 1\.38, which AKS has/);
    expect(patternFault("[^/]{11}")).toBeUndefined();
  });
});

describe("what RE2 refuses", () => {
  it.each([
    ["/(?=a)", 1],
    ["a++", 1],
    ["/x(", 0],
    ["a{2000}", 1],
    ["\\8", 0],
    ["/[b-a]", 2],
    ["(?<=a)b", 0],
  ])("%s, at its place", (source, offset) => {
    const compiled = compilePattern(source);
    expect(isPatternError(compiled) && compiled.offset).toBe(offset);
  });
});
