import { describe, expect, it } from "vitest";
import {
  type CallTree,
  choice,
  end,
  type End,
  noRoute,
  type Rule,
  type Rules,
  undefinedChoice,
} from "../../../mesh/analysis/call-tree";
import { conditionText, summarize } from "../../../mesh/analysis/summary";

const hosts = ["items.shop.svc.cluster.local:80"];
const passes = end("allowed", [], "shop/items");
const rule = (key: string, methods: readonly string[] = ["*"]): Rule => ({ key, methods, path: key });
const rules = (...allowed: readonly boolean[]): Rules => {
  const list = allowed.map((_, index) => rule(`/${String(index)}`));
  return {
    kind: "rules",
    list: { rules: [...list, rule("/never", [])], groups: [{ source: "a rule", rules: list }] },
    then: ({ key }) => (allowed[Number(key.slice(1))] === true ? passes : end("denied", [])),
    because: () => [],
    otherwise: noRoute("none"),
  };
};
const split = (...branches: readonly (readonly [number, CallTree])[]): CallTree =>
  choice<CallTree>(
    "split",
    branches.map(([weight, tree]) => ({ weight, tree })),
  );

describe("a call tree in few words", () => {
  const elsewhere = end("allowed", [], "shop/new");
  it.each<[string, CallTree, ReturnType<typeof summarize>["extent"], boolean, Readonly<Record<string, number | null>>]>(
    [
      ["everything passes", passes, "all", false, { "shop/items": 1 }],
      ["nothing passes", end("refused", []), "none", false, {}],
      ["some calls fail", split([1, passes], [3, end("unavailable", [])]), "some", true, { "shop/items": 0.25 }],
      [
        "all calls pass, to two backends",
        split([1, passes], [1, end("allowed", [], "shop/new")]),
        "all",
        false,
        { "shop/items": 0.5, "shop/new": 0.5 },
      ],
      [
        "nothing defines whether calls pass",
        undefinedChoice<CallTree>("route-order", [passes, end("denied", [])]),
        "some",
        true,
        { "shop/items": null },
      ],
      [
        "nothing defines where half of the calls pass to",
        split([1, passes], [1, undefinedChoice<CallTree>("split", [elsewhere, end("allowed", [], "shop/old")])]),
        "all",
        false,
        { "shop/items": 0.5, "shop/new": null, "shop/old": null },
      ],
      [
        "nothing defines which, but both come to the same",
        undefinedChoice<CallTree>("split", [split([1, passes], [3, elsewhere]), split([2, passes], [6, elsewhere])]),
        "all",
        false,
        { "shop/items": 0.25, "shop/new": 0.75 },
      ],
      ["some requests pass", rules(true, false), "some", false, { "shop/items": 1 }],
      ["no rule lets anything pass", rules(false), "none", false, {}],
      [
        "rules deny some, and the rest passes",
        { ...rules(false), otherwise: passes },
        "some",
        false,
        { "shop/items": 1 },
      ],
    ],
  )("%s", (_, tree, extent, unsettled, shares) => {
    expect(summarize(tree, hosts)).toMatchObject({ extent, unsettled, shares });
  });

  it("names the rules that let pass, those that deny, and how the rest fails", () => {
    const { rules: own, forbidden, failures } = summarize(rules(true, false), hosts);
    expect([own.map(({ key }) => key), forbidden.map(({ key }) => key)]).toEqual([["/0"], ["/1"]]);
    expect(failures).toEqual([]);
    expect(summarize(rules(false), hosts).failures).toEqual(["no-route"]);
    expect(summarize({ ...rules(false), otherwise: passes }, hosts)).toMatchObject({
      rest: ["allowed"],
      failures: [],
      forbidden: [{ key: "/0", status: 403 }],
    });
    expect(summarize(split([1, passes], [1, end("refused", [])]), hosts)).toMatchObject({
      failures: ["refused"],
      choices: ["split"],
    });
  });

  it("names what somebody else is asked about, where anything may pass", () => {
    const asked = (decided: End): CallTree => ({
      ...rules(true),
      then: ({ key }) =>
        key === "/0" ? undefinedChoice<CallTree>("external-authorization", [end("denied", []), decided]) : decided,
      otherwise: decided,
    });
    expect(summarize(asked(passes), hosts)).toMatchObject({ extent: "some", asked: [{ key: "/0" }] });
    expect(summarize(asked(end("denied", [])), hosts)).toMatchObject({ extent: "none", asked: [] });
  });

  describe("names what rules behind others let pass with those that lead there", () => {
    const leading = (trees: readonly CallTree[], ...outer: readonly Rule[]): Rules => ({
      kind: "rules",
      list: { rules: outer, groups: [{ source: "routes", rules: outer }] },
      then: (one) => trees[outer.indexOf(one) % trees.length] ?? passes,
      because: () => [],
      otherwise: noRoute("none"),
    });
    const inner = rules(true, false);
    const texts = (tree: CallTree) => {
      const { rules: own, forbidden, rest } = summarize(tree, hosts);
      return [own.map(conditionText), forbidden.map((one) => `${String(one.status)} ${conditionText(one)}`), rest];
    };

    it("where they leave some requests", () => {
      expect(texts(leading([inner], rule("/a"), rule("/b")))).toEqual([
        ["any method /0 of any method /a or any method /b"],
        ["403 any method /1 of any method /a or any method /b", "404 the rest of any method /a or any method /b"],
        ["no-route"],
      ]);
    });
    it("where they lead to different ones", () => {
      const others = rules(false, true);
      expect(texts(leading([inner, others], rule("/a"), rule(".*")))[0]).toEqual([
        "any method /0 of any method /a",
        "any method /1 of what is left",
      ]);
    });
    it("not where all requests come to the same", () => {
      expect(texts(leading([rules(true), rules(true)], rule("/a"), rule(".*")))).toEqual([
        ["any method /0"],
        [],
        ["no-route"],
      ]);
    });
    it("and the rules that lead where everything passes", () => {
      const shared = split([1, passes], [1, elsewhere]);
      expect(texts(leading([shared], rule("/a")))[0]).toEqual(["any method /a"]);
    });
  });
});
