import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { differing, ourAnswers, ourChanges } from "../../judge/istio-peer/compare";
import { type PeerCase } from "../../judge/istio-peer/generate";

/** Cases with the answers of network-config-analyzer, and of Istio's own generators where ours differ, recorded by `npm run judge:istio-peer -- --record FILE`. */
const recorded = readFileSync(join(__dirname, "istio-peer.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Recorded);

interface Recorded extends PeerCase {
  readonly passes: readonly boolean[];
  readonly changes: readonly (readonly string[])[];
  /** Places of questions with whether Istio lets them pass. */
  readonly istio: readonly (readonly [question: number, passes: boolean])[];
  /** Places of pairs with what Istio opens and closes for them. */
  readonly istioChanges: readonly (readonly [pair: number, kinds: string])[];
}

const joined = (kinds: readonly string[]): string => [...new Set(kinds)].sort().join(" and ");

describe("AuthorizationPolicies, Sidecars and gateways", () => {
  it("are decided as network-config-analyzer decided them, or as Istio does", () => {
    expect(recorded.length).toBeGreaterThan(5);
    for (const one of recorded) {
      const real = new Map(one.istio);
      const passes = one.passes.map((theirs, place) => real.get(place) ?? theirs);
      const different = differing(one, ourAnswers(one).passes, passes);
      expect(different.map((place) => one.questions[place])).toEqual([]);
    }
    expect(
      recorded.some(({ gateway, questions, passes }) => questions.some(([from], at) => from === gateway && passes[at])),
    ).toBe(true);
  });

  it("differ from it where a Sidecar hides a Service and lets unknown calls out: Istio passes these on in plain text", () => {
    const different = recorded.filter(({ istio }) => istio.length > 0);
    expect(different.length).toBeGreaterThan(0);
    for (const { objects, istio } of different) {
      expect(JSON.stringify(objects)).toContain("ALLOW_ANY");
      expect(istio.every(([, passes]) => passes)).toBe(true);
    }
  });

  it("open and close by a change what it says, or Istio", () => {
    for (const one of recorded) {
      const ours = ourChanges(one).changes.map((changes) => joined(changes.map(({ kind }) => kind)));
      const real = new Map(one.istioChanges);
      expect(ours).toEqual(one.changes.map((kinds, place) => real.get(place) ?? joined(kinds)));
    }
    expect(recorded.flatMap(({ changes }) => changes.flat())).toEqual(expect.arrayContaining(["opens", "closes"]));
  });

  it("stop some of the recorded requests and let others pass", () => {
    const all = recorded.flatMap(({ passes }) => passes);
    expect(all).toContain(true);
    expect(all).toContain(false);
  });
});
