import { expect, it } from "vitest";
import { type JudgeVerdict } from "../../judge";
import { disagreements } from "../../judge/compare";
import { type Verdict } from "../../mesh";

const request = { from: "shop/client", to: "server.shop.svc.cluster.local:80", protocol: "http" } as const;

/** What is found between what is said here and what the judge says. */
function found(ours: Verdict, theirs: JudgeVerdict): readonly string[] {
  return disagreements({ objects: [], requests: [request] }, [theirs], () => () => ours).map(
    (one) => `${one.ours} | ${one.theirs}`,
  );
}

function said(outcome: Verdict["outcome"], rest: Partial<Verdict> = {}): Verdict {
  return { outcome, status: null, backends: {}, because: [], ...rest };
}

const judged = { denied: { outcome: "denied", status: 403, backends: {} } } as const;

it("what is not followed agrees with each of the outcomes that it may have, and with no other", () => {
  const ours = said("varies", { outcomes: ["allowed", "denied"], variesBy: "not-followed" });
  const varies = { outcome: "varies", status: null, backends: {} };
  expect(found(ours, judged.denied)).toEqual([]);
  expect(found(ours, { ...varies, outcomes: ["allowed", "denied"] })).toEqual([]);
  expect(found(ours, { ...judged.denied, outcome: "no-route", status: 404 })).toHaveLength(1);
  expect(found(ours, { ...varies, outcomes: ["allowed", "refused"] })).toHaveLength(1);
  expect(found({ ...ours, variesBy: "endpoint" }, judged.denied)).toHaveLength(1);
});

it("shares that are not known agree with any of the same backends", () => {
  const ours = said("allowed", { status: 200, backends: { "shop/a": null, "shop/b": 0.5 } });
  const theirs = (backends: JudgeVerdict["backends"]): JudgeVerdict => ({ outcome: "allowed", status: 200, backends });
  expect(found(ours, theirs({ "shop/a": 0.5, "shop/b": 0.5 }))).toEqual([]);
  expect(found(ours, theirs({ "shop/a": 0.75, "shop/b": 0.25 }))).toHaveLength(1);
  expect(found(ours, theirs({ "shop/b": 0.5, "shop/c": 0.5 }))).toHaveLength(1);
});
