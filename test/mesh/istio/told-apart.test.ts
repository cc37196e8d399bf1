import fc from "fast-check";
import { expect, it } from "vitest";
import { valuePattern } from "../../../mesh/istio/authorization/matcher";
import { type HostCondition } from "../../../mesh/istio/host-conditions";
import { headersToldApart } from "../../../mesh/istio/told-apart";
import { TooComplexError } from "../../../mesh/regex/automaton";
import { fullMatch } from "../../../mesh/regex/pattern";

const value = fc.constantFrom("a", "b", "a.b", "a:1", "a*", "a.*", "*.b", "*:1", "*", "*b", "ab.b:1", "b.a.b");
const condition = fc.oneof(
  fc.tuple(value, fc.boolean()).map(([text, tellsCase]): HostCondition => ({
    pattern: valuePattern(tellsCase ? text.replace("b", "B") : text, ".*"),
    only: text.includes("*") ? undefined : tellsCase ? text.replace("b", "B") : text,
    tellsCase,
  })),
  fc
    .constantFrom("[ab]+", "a?[.]b", "[^:]*:[0-9]", "(a|B)[.].*")
    .map((pattern): HostCondition => ({ pattern, only: undefined, tellsCase: true })),
);
const header = fc
  .tuple(fc.stringMatching(/^[abAB.]{1,5}$/), fc.constantFrom("", ":1", ":22"))
  .map(([name, port]) => `${name}${port}`);
const isMet = ({ pattern, tellsCase }: HostCondition, text: string): boolean =>
  fullMatch(pattern, tellsCase ? text : text.toLowerCase());

it("every Host header of a set meets the same conditions as one that is found", () => {
  let kinds = 0;
  fc.assert(
    fc.property(
      fc.array(condition, { minLength: 1, maxLength: 5 }),
      fc.constantFrom("(?s:.*)", "(?i:a.*)", "(?i:a[.]b|b)(?::[0-9]+)?"),
      fc.array(header, { minLength: 1, maxLength: 30 }),
      (conditions, within, headers) => {
        const signature = (text: string): string => conditions.map((one) => (isMet(one, text) ? "1" : "0")).join("");
        const found = headersToldApart(within, conditions);
        for (const one of found) expect(fullMatch(within, one), one).toBe(true);
        const told = new Set(found.map(signature));
        kinds += told.size;
        for (const one of headers) if (fullMatch(within, one)) expect(told, one).toContain(signature(one));
      },
    ),
    { seed: 11, numRuns: 400 },
  );
  expect(kinds).toBeGreaterThan(1000);
});

it("a way is told by one that means nothing else, where there is one", () => {
  const starting: HostCondition = { pattern: "x.*", only: undefined, tellsCase: false };
  const taken = new Set(["x", "x.x"]);
  const passedOver = (text: string) => (taken.has(text) ? text.replace(".", "[.]") : undefined);
  const found = headersToldApart("x|x[.]x|x[.]y", [starting], passedOver);
  expect(found).toEqual(["x.y"]);
  expect(headersToldApart("x|x[.]x", [starting], passedOver)).toEqual(["x", "x.x"]);
});

it("says so where there are too many ways", () => {
  const conditions = Array.from({ length: 12 }, (_, index): HostCondition => ({
    pattern: `.{${String(index)}}a.*`,
    only: undefined,
    tellsCase: false,
  }));
  expect(() => headersToldApart(".*", conditions)).toThrow(TooComplexError);
});
