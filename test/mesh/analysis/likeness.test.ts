import { describe, expect, it } from "vitest";
import { type CallTree, end, type Rule } from "../../../mesh/analysis/call-tree";
import { likenessOf } from "../../../mesh/analysis/likeness";
import { conditionKey } from "../../../mesh/request/condition-key";
import { type RequestCondition } from "../../../mesh/request/request-set";

/** A sidecar that lets some requests through to a Service. */
function letting(backend: string, ...conditions: readonly Partial<RequestCondition>[]): CallTree {
  const allowed = end("allowed", [], backend);
  const rules = conditions.map((one): Rule => {
    const condition = { methods: ["*"], path: ".*", ...one };
    return { ...condition, key: conditionKey(condition) };
  });
  return {
    kind: "rules",
    list: { rules, groups: [{ source: "test", rules }] },
    then: () => allowed,
    because: () => [],
    otherwise: end("denied", []),
  };
}

const books = [
  letting("shop/books", { path: "/books(/.*)?" }),
  letting("shop/books", { path: "(?:/books|/books/(?s:.*))" }),
];

describe("trees that differ in names alone", () => {
  it("have other Services, and other beginnings of paths in the same places", () => {
    const fruit = [letting("farm/fruit", { path: "/f(/.*)?" }), letting("farm/fruit", { path: "(?:/f|/f/(?s:.*))" })];
    expect(likenessOf(fruit, "fruit:80")).toBe(likenessOf(books, "books:80"));
  });

  it("see of other parts of a path nothing", () => {
    const two = (one: string, other: string): string =>
      likenessOf([letting("shop/books", { path: one }, { path: other, methods: ["GET"] })], "books:80");
    expect(two("/books/.*", "/health")).toBe(two("/very/long/.*", "/h"));
    expect(two("/books/.*", "/health")).not.toBe(two("/books.*", "/health"));
    // One is part of the other.
    expect(two("/books/.*", "/health")).not.toBe(two("/books/.*", "/books/health"));
    expect(two("/books.*", "/books/a")).not.toBe(two("/books.*", "/books/b"));
  });

  it.each([
    ["a class sees how they begin", "/[a-f]+/x", "/[f-z]+/x"],
    ["dots are segments of their own", "/a/../b", "/a/b/c"],
    ["empty segments are taken out", "/a//b", "/a/b/c"],
    ["what comes first has a quantifier", "/ab+", "/ac+"],
    ["a word ends there or does not", String.raw`/a\b.*`, String.raw`/-\b.*`],
  ])("are not alike where %s", (_, one, other) => {
    const likeness = (path: string): string => likenessOf([letting("shop/books", { path })], "books:80");
    expect(likeness(one)).not.toBe(likeness(other));
  });

  it("see every beginning where a request goes on with another path", () => {
    const changed = (path: string, by: string, behind: string): string => {
      const change = { path: { replaced: 4, by }, authority: undefined, headers: new Map<string, string>() };
      const tree = letting("shop/books", { path: behind });
      const leading: CallTree = { kind: "changed", change, form: "NONE", tree };
      const outer = letting("shop/books", { path });
      return likenessOf([outer.kind === "rules" ? { ...outer, then: () => leading } : outer], "books:80");
    };
    expect(changed("/api/.*", "/v1", "/v1/x")).toBe(changed("/api/.*", "/v1", "/v1/x"));
    expect(changed("/api/.*", "/v1", "/v1/x")).not.toBe(changed("/api/.*", "/v1", "/w1/x"));
    expect(changed("/api/.*", "/v1", "/v1/x")).not.toBe(changed("/api/.*", "/w1", "/v1/x"));
  });

  it("tell a Service from another, answers and headers", () => {
    const [first, second] = books;
    if (first === undefined || second === undefined) throw new Error("no trees");
    const known = likenessOf(books, "books:80");
    expect(likenessOf([first, letting("shop/cart", { path: "(?:/books|/books/(?s:.*))" })], "books:80")).not.toBe(
      known,
    );
    expect(likenessOf([first, end("denied", [])], "books:80")).not.toBe(
      likenessOf([first, end("no-route", [])], "books:80"),
    );
    const having = (value: string): string =>
      likenessOf([letting("shop/books", { path: "/books", headers: new Map([["x-env", value]]) })], "books:80");
    expect(having("a")).not.toBe(having("b"));
  });

  it("read the whole path as a path, and the Host header as it is", () => {
    const having = (name: string, value: string, authority: string): string =>
      likenessOf([letting("shop/books", { path: "/a/.*", headers: new Map([[name, value]]) })], authority);
    expect(having(":path", "/a/x.*", "books:80")).not.toBe(having(":path", "/a/y.*", "books:80"));
    expect(having(":path", "/b/.*", "books:80")).toBe(having(":path", "/c/.*", "books:80"));
    expect(having("host", "books.*", "books:80")).not.toBe(having("host", "books.*", "cart:80"));
  });
});
