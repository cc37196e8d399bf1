import { describe, expect, test } from "vitest";
import { canaryMetrics, canaryProblems, type CanaryRule } from "../../rollout";

const analysis = { interval: "1m", threshold: 2 };
const rule: CanaryRule = { service: "cart", analysis: { ...analysis, stepWeight: 10, maxWeight: 50 } };

describe("canaries", () => {
  test.each([
    rule,
    { service: "cart", analysis: { ...analysis, stepWeights: [5, 25, 100] } },
    { ...rule, gate: { errorPercent: 0, queries: [{ name: "ms", query: "q[$since]", atMost: 1 }] } },
  ])("may be written so: %j", (one) => {
    expect(canaryProblems([one])).toEqual([]);
  });

  test.each([
    [
      { ...rule.analysis, interval: "9s" },
      'canaries[0].analysis.interval: "9s"; write a duration of at least 10s, such as 1m.',
    ],
    [{ ...rule.analysis, interval: "often" }, 'canaries[0].analysis.interval: "often"'],
    [{ ...rule.analysis, threshold: 0 }, "canaries[0].analysis.threshold: 0; write how many looks may fail"],
    [{ ...rule.analysis, stepWeights: [5] }, "canaries[0].analysis: stepWeights stand beside stepWeight or maxWeight"],
    [analysis, "canaries[0].analysis.stepWeight: undefined; write whole percent, 1 to 100."],
    [{ ...analysis, stepWeight: 10 }, "canaries[0].analysis.maxWeight: undefined"],
    [{ ...rule.analysis, maxWeight: 5 }, "canaries[0].analysis.maxWeight: 5 is less than one step, 10; write more."],
    [{ ...rule.analysis, stepWeight: 0.5 }, "canaries[0].analysis.stepWeight: 0.5"],
    [{ ...analysis, stepWeights: [] }, "canaries[0].analysis.stepWeights: []; write at least one"],
    [{ ...analysis, stepWeights: [0, 50] }, "canaries[0].analysis.stepWeights: [0,50]"],
    [
      { ...analysis, stepWeights: [50, 25] },
      "canaries[0].analysis.stepWeights[1]: 25 follows 50; a step is more than the one before.",
    ],
  ])("may not be written so: %j", (wrong, message) => {
    expect(canaryProblems([{ service: "cart", analysis: wrong }]).join("\n")).toContain(message);
  });

  test("have gates of the same words as rollouts", () => {
    expect(canaryProblems([{ ...rule, gate: { errorPercent: 100, queries: [{ name: "n", query: "" }] } }])).toEqual([
      expect.stringContaining("canaries[0].gate.errorPercent: 100"),
      expect.stringContaining("canaries[0].gate.queries[0].query"),
      expect.stringContaining("canaries[0].gate.queries[0]: it has no bound"),
    ]);
  });

  test("ask the callers' sidecars, with what Flagger fills in", () => {
    const counted = (selector: string) =>
      `sum(increase(envoy_cluster_upstream_rq{job="mesh-sidecars", destination_namespace="{{ namespace }}", destination_service="{{ service }}-canary"${selector}}[{{ interval }}]))`;
    expect(canaryMetrics({}, "osm")).toEqual([
      {
        name: "percent of requests that failed",
        query: `100 * (${counted(', response_code=~"5.."')} or vector(0)) / (${counted("")})`,
        max: 1,
      },
    ]);
    const [errors, other] = canaryMetrics(
      { errorPercent: 5, queries: [{ name: "p99", query: "q[$since]", atMost: 250, atLeast: 1 }] },
      "istio",
    );
    expect(errors).toMatchObject({ max: 5, query: expect.stringContaining("istio_requests_total") as string });
    expect(other).toEqual({ name: "p99", query: "q[{{ interval }}]", max: 250, min: 1 });
  });
});
