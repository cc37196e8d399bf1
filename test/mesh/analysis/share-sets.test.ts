import { describe, expect, it } from "vitest";
import { diff, shareChanges } from "../../../mesh";
import { type KubernetesObject } from "../../../mesh/manifests";
import { type CallTree, choice, end, type Rule, type Rules } from "../../../mesh/analysis/call-tree";
import { sharedOtherwise, shareSets } from "../../../mesh/analysis/share-sets";
import { exampleRequest } from "../../../mesh/request/request-set";
import { meshNamespace, meshOfObjects, pod, service, virtualService } from "../istio/world";

const authority = "cart.shop.svc.cluster.local:80";

/** Weights of two versions behind each of two paths, and behind all others. */
type Weights = Readonly<Record<"/a" | "/b" | "/", readonly [number, number]>>;

const weights: Weights = { "/a": [90, 10], "/b": [90, 10], "/": [50, 50] };

function shop(split: Weights): readonly KubernetesObject[] {
  const route = ([one, two]: readonly [number, number]) => ({
    route: [
      { destination: { host: "cart" }, weight: one },
      { destination: { host: "cart-v2" }, weight: two },
    ],
  });
  const ports = [{ name: "http", port: 80 }];
  return [
    meshNamespace("shop"),
    pod("shop", "web"),
    pod("shop", "cart"),
    pod("shop", "cart-v2"),
    service("shop", "cart", ports),
    service("shop", "cart-v2", ports),
    virtualService("shop", "cart", {
      hosts: ["cart"],
      http: [
        { match: [{ uri: { exact: "/a" } }], ...route(split["/a"]) },
        { match: [{ uri: { exact: "/b" } }], ...route(split["/b"]) },
        route(split["/"]),
      ],
    }),
  ];
}

function changes(after: Weights): readonly string[] {
  return diff(meshOfObjects(shop(weights)), meshOfObjects(shop(after)))
    .filter(({ from, to }) => from === "shop/web" && to === authority)
    .map(({ kind, request, before, after: next }) =>
      [kind, request?.path, ...(before && next ? shareChanges(before, next) : [])].join(" "),
    );
}

describe("who answers, and how often", () => {
  it.each([
    ["/a", "shares /a shop/cart 90 % → 75 % shop/cart-v2 10 % → 25 %"],
    ["/b", "shares /b shop/cart 90 % → 75 % shop/cart-v2 10 % → 25 %"],
    ["/", "shares / shop/cart 50 % → 75 % shop/cart-v2 50 % → 25 %"],
  ] as const)("is told where it changes behind %s alone", (path, told) => {
    expect(changes({ ...weights, [path]: [75, 25] })).toEqual([told]);
  });

  it("is the same where weights are written in other numbers", () => {
    expect(changes({ "/a": [45, 5], "/b": [180, 20], "/": [1, 1] })).toEqual([]);
  });
});

const v1 = end("allowed", [], "shop/v1");
const v2 = end("allowed", [], "shop/v2");
const denied = end("denied", []);

function split(one: number, two: number): CallTree {
  return choice<CallTree>("split", [
    { weight: one, tree: v1 },
    { weight: two, tree: v2 },
  ]);
}

/** Rules that come in groups whose order is open. */
function rules(...groups: readonly (readonly (readonly [string, CallTree])[])[]): Rules {
  const known = groups.map((group) =>
    group.map(([path, tree]) => ({ rule: { key: path, methods: ["*"], path } satisfies Rule, tree })),
  );
  const all = known.flat();
  return {
    kind: "rules",
    list: {
      rules: all.map(({ rule }) => rule),
      groups: known.map((group, index) => ({ source: String(index), rules: group.map(({ rule }) => rule) })),
    },
    then: (rule) => all.find((one) => one.rule === rule)?.tree ?? denied,
    because: () => [],
    otherwise: denied,
  };
}

/** A path whose calls are shared out otherwise; undefined where there is none. */
function differs(before: CallTree, after: CallTree): string | undefined {
  const [set] = sharedOtherwise(shareSets(before, authority), shareSets(after, authority));
  return set && exampleRequest(set)?.path;
}

describe("sets of requests by how their calls are shared out", () => {
  it.each<readonly [string, CallTree, CallTree, string | undefined]>([
    ["equal trees", rules([["/a", split(1, 1)]]), rules([["/a", split(2, 2)]]), undefined],
    [
      "a rule that an earlier one hides",
      rules([
        ["/a", v1],
        ["/a", v2],
      ]),
      rules([["/a", v1]]),
      undefined,
    ],
    [
      "a rule that none hides",
      rules([
        ["/a", v1],
        ["/ab?", v2],
      ]),
      rules([
        ["/a", v1],
        ["/ab?", v1],
      ]),
      "/ab",
    ],
    ["groups in either order", rules([["/a", v1]], [["/a", v2]]), rules([["/a", v2]], [["/a", v1]]), undefined],
    [
      "an order that was open",
      rules([["/a", v1]], [["/a", v2]]),
      rules([
        ["/a", v1],
        ["/a", v2],
      ]),
      "/a",
    ],
    [
      "a backend that refuses",
      choice<CallTree>("split", [
        { weight: 1, tree: rules([["/a", v1]]) },
        { weight: 1, tree: v2 },
      ]),
      split(1, 1),
      "/",
    ],
    ["what is left for no rule", rules([["/a", v1]]), v1, "/"],
  ])("%s", (_, before, after, path) => {
    expect(differs(before, after)).toBe(path);
  });

  it("are found for groups whose ways would be too many to list one by one", () => {
    const groups = Array.from({ length: 40 }, (_, index) => [
      [`/a${"b?".repeat(index % 5)}`, index % 3 === 0 ? v1 : index % 3 === 1 ? v2 : denied] as const,
    ]);
    expect(shareSets(rules(...groups), authority)).toHaveLength(2);
  });
});

it("works sets out once for all who have the same tree", () => {
  const tree = rules([["/a", split(1, 1)]]);
  expect(shareSets(tree, authority)).toBe(shareSets(tree, authority));
  expect(shareSets(tree, "other:80")).not.toBe(shareSets(tree, authority));
});
