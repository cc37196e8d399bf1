import { describe, expect, test } from "vitest";
import {
  authorizationPolicy,
  meshOfObjects,
  type Objects,
  pod,
  requestAuthentication,
  service,
  shop,
  strict,
} from "./world";

/** Rules of ALLOW that are found to let nobody in, as `policy place: by whom`. */
const found = (...objects: Objects): readonly string[] =>
  meshOfObjects(shop, strict, ...objects)
    .findings()
    .filter(({ rule }) => rule === "allow-denied")
    .map(({ object, property, message }) => {
      const by = /denied by (.*), which/.exec(message)?.[1]?.replaceAll("AuthorizationPolicy ", "");
      return `${String(object)} ${String(property)}: ${String(by)}`;
    });

const from = (...accounts: readonly string[]) => [
  { source: { principals: accounts.map((account) => `cluster.local/ns/shop/sa/${account}`) } },
];

const selected = (app: string) => ({ selector: { matchLabels: { app } } });

const allow = (...rules: readonly object[]) => authorizationPolicy("shop", "allow", { ...selected("server"), rules });

const deny = (rule: object, name = "deny", rest: object = {}) =>
  authorizationPolicy("shop", name, { action: "DENY", rules: [rule], ...rest });

const lost = (by = "shop/deny", index = 0) => [`AuthorizationPolicy shop/allow spec.rules[${String(index)}]: ${by}`];

describe("an ALLOW rule", () => {
  test("lets nobody in where a DENY rule has no conditions, which is told apart from a policy without rules", () => {
    for (const all of [{}, { from: [{ source: {} }] }, { to: [{ operation: {} }] }]) {
      expect(found(allow({ from: from("client") }), deny(all))).toEqual(lost());
    }
    expect(found(allow({ from: from("client") }), authorizationPolicy("shop", "none", {}))).toEqual([]);
    const [remedy] = meshOfObjects(shop, strict, allow({}), deny({}))
      .findings()
      .filter(({ rule }) => rule === "allow-denied")
      .map((one) => one.remedy);
    expect(remedy).toContain("write spec: {} in AuthorizationPolicy shop/deny, without an action");
  });

  test("lets nobody in whose callers or requests are all denied", () => {
    const notServers = { from: [{ source: { notPrincipals: ["cluster.local/ns/shop/sa/other"] } }] };
    expect(found(allow({ from: from("client") }), deny(notServers))).toEqual(lost());
    const get = { to: [{ operation: { methods: ["GET"], paths: ["/books/*"] } }] };
    expect(found(allow({ from: from("client"), ...get }), deny({ to: [{ operation: { paths: ["/b*"] } }] }))).toEqual(
      lost(),
    );
    // Together they deny all of it.
    const [early, late] = ["/books/a*", "/books/*"].map((path) => ({ to: [{ operation: { paths: [path] } }] }));
    const some = { from: from("client"), to: [{ operation: { paths: ["/books/a*", "/books/b*"] } }] };
    expect(found(allow(some), deny(early ?? {}))).toEqual([]);
    expect(
      found(allow(some), deny(early ?? {}), deny({ to: [{ operation: { paths: ["/books/b*"] } }] }, "more")),
    ).toEqual(lost("shop/deny, shop/more"));
    expect(found(allow(some), deny(early ?? {}), deny(late ?? {}, "more"))).toEqual(lost("shop/more"));
  });

  test("is one among others, which are looked at one by one", () => {
    expect(found(allow({ from: from("other") }, { from: from("client") }), deny({ from: from("client") }))).toEqual(
      lost("shop/deny", 1),
    );
  });

  test("lets somebody in where some callers, requests or ports are left", () => {
    expect(found(allow({ from: from("client", "other") }), deny({ from: from("client") }))).toEqual([]);
    expect(found(allow({ from: from("client") }), deny({ to: [{ operation: { methods: ["POST"] } }] }))).toEqual([]);
    expect(found(allow({ from: from("client") }), deny({ to: [{ operation: { ports: ["8080"] } }] }))).toEqual([]);
    expect(
      found(
        allow({ from: from("client"), to: [{ operation: { ports: ["8080"] } }] }),
        deny({ to: [{ operation: { ports: ["8080"] } }] }),
      ),
    ).toEqual(lost());
  });

  test("lets nobody in where more is asked than one list, and all of it is denied", () => {
    const asking = (operation: object, ...when: readonly object[]) => ({
      to: [{ operation }],
      ...(when.length > 0 && { when }),
    });
    const header = (values: readonly string[], notValues: readonly string[] = []) => ({
      key: "request.headers[x-team]",
      ...{ values, ...(notValues.length > 0 && { notValues }) },
    });
    const same = [asking({ paths: ["/a*"], notPaths: ["/ax"] }), asking({ paths: ["/a"] }, header(["b*"], ["bx"]))];
    for (const one of same) expect(found(allow({ from: from("client"), ...one }), deny(one))).toEqual(lost());
    const twice = asking({}, header(["*b"]), header(["a*"]));
    expect(found(allow({ from: from("client"), ...twice }), deny(asking({}, header(["*b"]))))).toEqual(lost());
    // Another Service of the same pods is not denied, and not allowed either.
    const second = service("shop", "second", [{ name: "http", port: 81 }], { app: "server" });
    for (const one of [asking({ ports: ["81"] }), asking({ hosts: ["second.shop.svc.cluster.local:81"] })]) {
      expect(found(second, allow({ from: from("client"), ...one }), deny(one))).toEqual(lost());
    }
  });

  test("counts wherever its pods are: those that no DENY selects, too", () => {
    const both = authorizationPolicy("shop", "allow", { rules: [{ from: from("client") }] });
    const second = [pod("shop", "second", { labels: { app: "server", track: "second" } })];
    const some = deny({}, "deny", { selector: { matchLabels: { track: "second" } } });
    expect(found(both, some, ...second)).toEqual([]);
  });

  test("is not looked at where addresses decide, and where a DENY is only tried", () => {
    const outside = { from: [{ source: { notIpBlocks: ["10.0.0.0/8"] } }] };
    expect(found(allow({ from: from("client") }), deny(outside))).toEqual([]);
    expect(found(allow({ from: [{ source: { ipBlocks: ["10.0.0.0/8"] } }] }), deny({}))).toEqual([]);
    expect(found(allow({ from: [{ source: { notIpBlocks: ["10.0.0.0/8"] } }] }), deny({}))).toEqual(lost());
    const tried = authorizationPolicy("shop", "deny", { action: "DENY", rules: [{}] }, { "istio.io/dry-run": "true" });
    expect(found(allow({ from: from("client") }), tried)).toEqual([]);
  });

  test("lets in whom a token lets in", () => {
    const tokens = requestAuthentication("shop", "t", {
      ...selected("server"),
      jwtRules: [{ issuer: "issuer.example", jwksUri: "https://issuer.example/keys" }],
    });
    const withoutToken = { from: [{ source: { notRequestPrincipals: ["*"] } }] };
    expect(found(tokens, allow({ from: from("client") }), deny(withoutToken))).toEqual([]);
    expect(found(allow({ from: from("client") }), deny(withoutToken))).toEqual(lost());
  });
});
