import * as fc from "fast-check";
import { expect, it } from "vitest";
import { arbitraryCase } from "../../judge/generate/case";
import { isWithin, roundTrip, shown } from "../../judge/round-trip-case";

it("lets the same through after a conversion", () => {
  const results = fc.sample(arbitraryCase(10), { seed: 7, numRuns: 200 }).map(roundTrip);
  expect(results.flatMap(({ partings }) => partings.map(shown))).toEqual([]);
  // Enough of them are converted, and pass, for that to say something.
  const sum = (count: (one: (typeof results)[number]) => number): number =>
    results.reduce((total, one) => total + count(one), 0);
  expect(sum(({ asked }) => asked)).toBeGreaterThan(150);
  expect(sum(({ passed }) => passed)).toBeGreaterThan(20);
});

it("claims it of calls to a Service under names of its own, and not under those of another", () => {
  const within = (host?: string) =>
    isWithin({ from: "a/x", to: "t.a.svc.cluster.local:80", protocol: "http", ...(host !== undefined && { host }) });
  expect([within(), within("t"), within("T.A"), within("t.a.svc:80")]).toEqual([true, true, true, true]);
  expect([within("t.b"), within("s"), within("example.com")]).toEqual([false, false, false]);
});
