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
import { answeredText } from "../../../mesh/analysis/share-text";
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

  describe("where the request decides who answers", () => {
    const routes = (otherwise: End, ...outer: readonly (readonly [Rule, CallTree])[]): Rules => {
      const list = outer.map(([one]) => one);
      return {
        kind: "rules",
        list: { rules: list, groups: [{ source: "routes", rules: list }] },
        then: (one) => outer.find(([own]) => own === one)?.[1] ?? otherwise,
        because: () => [],
        otherwise,
      };
    };
    const [a, b, all] = [rule("/a"), rule("/b"), rule(".*")];
    const told = (tree: CallTree) => summarize(tree, hosts).answeredBy.map(answeredText);

    it("tells it in the order of the rules", () => {
      expect(told(routes(noRoute("none"), [a, elsewhere], [b, passes], [all, elsewhere]))).toEqual([
        "any method /a → shop/new",
        "any method /b → shop/items",
        "the rest → shop/new",
      ]);
    });
    it("joins rules one after the other that lead to the same", () => {
      const half = split([1, passes], [1, elsewhere]);
      expect(told(routes(noRoute("none"), [a, half], [b, half], [all, elsewhere]))).toEqual([
        "any method /a or any method /b → 50 % shop/items, 50 % shop/new",
        "the rest → shop/new",
      ]);
    });
    it("tells it of what meets no rule", () => {
      expect(told(routes(passes, [a, elsewhere]))).toEqual(["any method /a → shop/new", "the rest → shop/items"]);
    });
    it("leaves out what nobody answers", () => {
      expect(told(routes(noRoute("none"), [a, elsewhere], [b, end("denied", [])], [all, passes]))).toEqual([
        "any method /a → shop/new",
        "the rest → shop/items",
      ]);
    });
    it("says nothing where all are answered alike, or nothing says which rule comes first", () => {
      expect(told(routes(noRoute("none"), [a, passes], [all, passes]))).toEqual([]);
      const tree = routes(noRoute("none"), [a, elsewhere], [all, passes]);
      const groups = [[a, all], [b]].map((some) => ({ source: "a policy", rules: some }));
      expect(told({ ...tree, list: { ...tree.list, groups } })).toEqual([]);
    });
    it("everything passes where no rule stops anything", () => {
      const { extent, rules: own, rest } = summarize(routes(noRoute("none"), [a, elsewhere], [all, passes]), hosts);
      expect([extent, own, rest]).toEqual(["all", [], []]);
      expect(summarize(routes(passes, [a, elsewhere]), hosts).extent).toBe("all");
      expect(summarize(routes(noRoute("none"), [a, elsewhere]), hosts).extent).toBe("some");
      expect(summarize(routes(passes, [a, end("denied", [])]), hosts).extent).toBe("some");
      const onward = (tree: CallTree) => summarize(routes(noRoute("none"), [a, tree], [all, passes]), hosts).extent;
      expect(onward(routes(passes, [b, elsewhere]))).toBe("all");
      expect(onward(rules(true))).toBe("some");
      expect(onward(split([1, passes], [1, end("unavailable", [])]))).toBe("some");
    });
  });
});
