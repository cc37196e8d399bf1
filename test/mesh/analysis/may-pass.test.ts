import { describe, expect, it } from "vitest";
import { type CallTree, end, type Rule } from "../../../mesh/analysis/call-tree";
import { hostHeaders } from "../../../mesh/analysis/host-headers";
import { mayPass } from "../../../mesh/analysis/may-pass";

const allowed = end("allowed", []);
const denied = end("denied", []);

/** Rules in this order, each with what it leads to. */
function rules(...pairs: readonly (readonly [Omit<Rule, "key">, CallTree])[]): CallTree {
  const list = pairs.map(([rule], index) => ({ ...rule, key: String(index) }));
  return {
    kind: "rules",
    list: { rules: list, groups: [{ source: "", rules: list }] },
    then: (rule) => pairs[Number(rule.key)]?.[1] ?? denied,
    because: () => [],
    otherwise: end("no-route", []),
  };
}

const all = { methods: ["*"], path: ".*" };
const ofHost = (host: string) => ({ ...all, headers: new Map([["host", host]]) });

describe("whether any request may pass", () => {
  it.each([
    ["a rule that lets all pass", rules([all, allowed]), true],
    ["a rule that lets none pass", rules([all, denied]), false],
    ["a rule for another Host", rules([ofHost("b"), allowed]), false],
    ["a rule for this Host", rules([ofHost("a"), allowed]), true],
    ["a rule behind one that takes all", rules([all, denied], [{ ...all, path: "/x" }, allowed]), false],
    ["a rule behind one that takes some", rules([{ ...all, path: "/x" }, denied], [all, allowed]), true],
    ["no rule at all", rules(), false],
  ])("%s", (_, tree, expected) => {
    expect(mayPass(tree, "a")).toBe(expected);
    expect(mayPass({ kind: "http", tree, connect: denied }, "a")).toBe(expected);
  });

  it("no bytes that are not HTTP pass rules", () => {
    expect(mayPass(rules([all, allowed]), undefined)).toBe(false);
    expect(mayPass(allowed, undefined)).toBe(true);
  });
});

describe("the Host headers of a port", () => {
  const cart = { service: "shop/cart", name: "cart", namespace: "shop", host: "cart.shop.svc.cluster.local" };

  it("have the port, unless it is that of http", () => {
    expect(hostHeaders({ ...cart, port: 81 })).toContain("cart.shop:81");
    expect(hostHeaders({ ...cart, port: 81 })).not.toContain("cart.shop");
    expect(hostHeaders({ ...cart, port: 80 })).toEqual(expect.arrayContaining(["cart.shop", "cart.shop:80", "cart"]));
  });

  it("are the host's own outside of the cluster", () => {
    const host = { service: "", name: "example.com", namespace: "", host: "example.com", port: 8080 };
    expect(hostHeaders(host)).toEqual(["example.com:8080"]);
  });
});
