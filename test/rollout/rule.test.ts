import { describe, expect, test } from "vitest";
import { readRolloutStates, rolloutProblems, type RolloutRule, versionOf } from "../../rollout";

const rule: RolloutRule = { root: "cart", stable: "cart-v1", canary: "cart-v2", steps: [0, 5, 25, 50, 100] };

test("a rollout that can be meant has no problem", () => {
  const gate = { errorPercent: 0.5, minRequests: 1, queries: [{ name: "p99", query: "up", atLeast: 0 }] };
  expect(
    rolloutProblems([
      { ...rule, gate, pause: "1h30m" },
      { ...rule, root: "pay" },
    ]),
  ).toEqual([]);
});

test.each<[Partial<RolloutRule>, string]>([
  [{ stable: "cart-v2" }, "rollouts[0].canary: it is the stable version, cart-v2, too; name the other one."],
  [{ canary: "cart" }, "rollouts[0].canary: it is the root; name the Service that selects the canary's pods alone."],
  [{ steps: [] }, "rollouts[0].steps: []; write at least one, each in whole percent, 0 to 100: [0, 5, 25, 50, 100]."],
  [{ steps: [5, 101] }, "rollouts[0].steps: [5,101]; write at least one"],
  [{ steps: [0.5] }, "rollouts[0].steps: [0.5]; write at least one"],
  [{ steps: [5, 25, 25] }, "rollouts[0].steps[2]: 25 follows 25; a step is more than the one before."],
  [{ pause: "10" }, 'rollouts[0].pause: "10" is no duration; write one such as 10m or 1h30m.'],
  [{ pause: "-1m" }, 'rollouts[0].pause: "-1m" is no duration'],
  [{ match: [{ headers: {} }] }, "rollouts[0].match[0].headers: it names none"],
  [
    { match: [{ headers: { ":authority": { exact: "cart" } } }] },
    'rollouts[0].match[0].headers: ":authority": this is no header of Istio\'s',
  ],
  [
    { match: [{ headers: { a: { exact: "b" } } }, { headers: { a: { exact: "b" } } }] },
    "rollouts[0].match[1].headers: rollouts[0].match[0] takes the same requests before it; keep one of them.",
  ],
  [{ gate: { errorPercent: 100 } }, "rollouts[0].gate.errorPercent: 100; write a percentage"],
  [{ gate: { errorPercent: -1 } }, "rollouts[0].gate.errorPercent: -1; write a percentage"],
  [{ gate: { minRequests: 0 } }, "rollouts[0].gate.minRequests: 0; write an integer of 1 or more."],
  [{ gate: { queries: [{ name: "n", query: " ", atMost: 1 }] } }, "rollouts[0].gate.queries[0].query: it is empty"],
  [
    { gate: { queries: [{ name: "n", query: "up" }] } },
    "rollouts[0].gate.queries[0]: it has no bound; write atMost or atLeast.",
  ],
  [
    { gate: { queries: [{ name: "n", query: "up", atMost: NaN }] } },
    "rollouts[0].gate.queries[0]: a bound is no number",
  ],
])("a rollout with %o is refused with its place and what to write", (changes, message) => {
  const problems = rolloutProblems([{ ...rule, ...changes }]);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(message);
});

test("two rollouts of one Service are refused", () => {
  expect(rolloutProblems([rule, rule])).toEqual(["rollouts[1].root: there is another rollout of cart; keep one."]);
});

describe("the version of a canary", () => {
  const service = (selector: object) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "cart-v2", namespace: "shop" },
    spec: { selector },
  });
  const deployment = (name: string, labels: object, image: string, namespace = "shop") => ({
    ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name, namespace } },
    spec: { replicas: 1, template: { metadata: { labels }, spec: { containers: [{ name: "c", image }] } } },
  });
  const canary = { app: "cart", version: "v2" };
  const objects = [
    service(canary),
    deployment("cart-v1", { app: "cart", version: "v1" }, "cart:1"),
    deployment("cart-v2", canary, "cart:2"),
    deployment("cart-v2", canary, "cart:9", "elsewhere"),
  ];
  const version = versionOf("shop/cart-v2", objects);

  test("changes with its pods' template alone", () => {
    const [own, stable, two, other] = objects as [object, object, object, object];
    const withImages = (...changed: object[]) => versionOf("shop/cart-v2", [own, ...changed] as typeof objects);
    expect(version).toMatch(/^[0-9a-f]{12}$/);
    expect(withImages(deployment("cart-v1", { app: "cart", version: "v1" }, "cart:3"), two, other)).toBe(version);
    expect(withImages(stable, deployment("cart-v2", canary, "cart:3"), other)).not.toBe(version);
    expect(withImages(stable, two, deployment("cart-v2", canary, "cart:3", "elsewhere"))).toBe(version);
    expect(withImages(stable, deployment("cart-v2", { version: "v2", app: "cart" }, "cart:2"), other)).toBe(version);
  });

  test("is refused where there is none", () => {
    expect(() => versionOf("shop/cart-v3", objects)).toThrow("no Service shop/cart-v3");
    expect(() => versionOf("shop/cart-v2", [service({ app: "other" })])).toThrow("nothing that is deployed has pods");
  });
});

describe("where rollouts stood", () => {
  const state = {
    stable: "a",
    canary: "b",
    weight: 5,
    phase: "progressing",
    version: "v",
    since: "2026-11-29T10:00:00Z",
    reason: "r",
  };
  test("is read from the stack's output", () => {
    expect(readRolloutStates(undefined).size).toBe(0);
    expect(readRolloutStates({ "shop/cart": state }).get("shop/cart")).toEqual(state);
  });
  test.each([
    [{ ...state, phase: "?" }],
    [{ ...state, since: "yesterday" }],
    [{ ...state, weight: "5" }],
    [null],
    ["x"],
  ])("is an error where it is something else, and never a new beginning: %o", (wrong) =>
    expect(() => readRolloutStates({ "shop/cart": wrong })).toThrow("is not what this program writes"),
  );
  test("is an error where the whole is no object", () => {
    expect(() => readRolloutStates("x")).toThrow("is not what this program writes");
  });
});
