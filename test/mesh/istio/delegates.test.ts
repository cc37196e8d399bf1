import { expect, test } from "vitest";
import { decide } from "../../../mesh";
import { authorizationPolicy, meshNamespace, meshOfObjects, pod, service, shop, strict, virtualService } from "./world";

const http = [{ name: "http", port: 80 }];
const team = [
  meshNamespace("team"),
  pod("team", "cart"),
  service("team", "cart", http),
  authorizationPolicy("team", "open", { rules: [{}] }),
];

/** The status of a request from shop/client to shop/server, by a root of these rules and its delegate. */
function world(root: readonly object[], delegate: readonly object[], rest: object = {}) {
  const mesh = meshOfObjects(
    ...[shop, strict, team],
    virtualService("shop", "root", { hosts: ["server"], http: root }),
    virtualService("team", "cart", { ...rest, http: delegate }),
  );
  const by = (path: string, headers: Record<string, string> = {}) => {
    const { status } = decide(mesh, {
      ...{ from: "shop/client", to: "server.shop:80", protocol: "http", method: "GET", path, headers },
    });
    return status;
  };
  const found = mesh.findings().filter(({ rule }) => rule === "route-to-nowhere");
  return { by, found: found.map(({ message }) => message) };
}

const toCart = { delegate: { name: "cart", namespace: "team" } };
const status = (code: number, match?: object) => ({
  ...(match && { match: [match] }),
  directResponse: { status: code },
});

test("short names of a delegate are of its own namespace", () => {
  const { by, found } = world(
    [{ match: [{ uri: { prefix: "/cart" } }], ...toCart }, status(418)],
    [{ route: [{ destination: { host: "cart" } }] }],
  );
  expect([by("/cart/1"), by("/other")]).toEqual([200, 418]);
  expect(found).toEqual([]);
});

test.each([
  ["a prefix within the prefix", { uri: { prefix: "/cart" } }, { uri: { prefix: "/cart/new" } }, true],
  ["a path within the prefix", { uri: { prefix: "/cart" } }, { uri: { exact: "/cart/new" } }, true],
  ["another prefix", { uri: { prefix: "/cart" } }, { uri: { prefix: "/" } }, false],
  ["a pattern within a prefix", { uri: { prefix: "/cart" } }, { uri: { regex: "/cart/new" } }, false],
  ["a prefix within a path", { uri: { exact: "/cart/new" } }, { uri: { prefix: "/cart/new" } }, false],
  ["the same path", { uri: { exact: "/cart/new" } }, { uri: { exact: "/cart/new" } }, true],
  ["another thing", { uri: { prefix: "/cart" } }, { method: { exact: "GET" } }, true],
  ["another header's value", { headers: { "x-a": { exact: "1" } } }, { headers: { "x-a": { exact: "2" } } }, false],
  ["a longer value", { headers: { "x-a": { prefix: "1" } } }, { headers: { "x-a": { exact: "12" } } }, true],
  ["another gateway", { gateways: ["mesh"] }, { gateways: ["shop/front"] }, false],
  ["another port", { port: 80 }, { port: 81 }, false],
  ["case that counts", { uri: { prefix: "/cart" }, ignoreUriCase: true }, { uri: { prefix: "/cart" } }, false],
  ["labels of the caller", { sourceLabels: { app: "client" } }, { sourceLabels: { app: "other" } }, false],
  ["other labels of the caller", { sourceLabels: { app: "client" } }, { sourceLabels: {} }, true],
  ["no namespace where one is asked for", { sourceNamespace: "shop" }, { method: { exact: "GET" } }, false],
])("a delegate's match counts within the root's: %s", (_, root, inner, isMet) => {
  const { by, found } = world([{ match: [root], ...toCart }, status(418)], [status(419, inner)]);
  expect(by("/cart/new", { "x-a": "12" })).toBe(isMet ? 419 : 418);
  expect(found).toHaveLength(isMet ? 0 : 1);
});

test("of what both name the delegate's counts, and what it does not say is the root's", () => {
  const fault = { abort: { httpStatus: 420, percentage: { value: 100 } } };
  const { by } = world(
    [
      { match: [{ headers: { "x-a": { prefix: "1" } } }], fault, ...toCart },
      { fault: { abort: { httpStatus: 421 } }, ...toCart },
    ],
    [
      { match: [{ headers: { "x-a": { exact: "12" } } }], route: [{ destination: { host: "cart" } }] },
      { fault: { delay: { fixedDelay: "1s" } }, route: [{ destination: { host: "cart" } }] },
    ],
  );
  expect([by("/", { "x-a": "12" }), by("/", { "x-a": "13" })]).toEqual([420, 200]);
  expect(by("/")).toBe(200);
});

test("a delegate that is not there, is none, or is not for the namespace leaves no rule, and is a finding", () => {
  const root = [toCart, status(418)];
  const answer = [status(419)];
  expect(world(root, answer)).toMatchObject({ found: [] });
  expect(world(root, answer).by("/")).toBe(419);
  for (const [rest, text] of [
    [{ exportTo: ["."] }, "VirtualService team/cart is not for namespace shop"],
    [{ hosts: ["cart"] }, "VirtualService team/cart has hosts, and is no delegate"],
  ] as const) {
    const { by, found } = world(root, answer, rest);
    expect(by("/")).toBe(418);
    expect(found).toEqual([expect.stringContaining(text)]);
  }
  const misspelt = world([{ delegate: { name: "crt", namespace: "team" } }, status(418)], answer);
  expect(misspelt.by("/")).toBe(418);
  expect(misspelt.found).toEqual([expect.stringContaining("There is no VirtualService team/crt")]);
});

test("a destination without a port is a finding where it lacks the port that is called", () => {
  const messages = (ports: readonly { readonly name: string; readonly port: number }[], port?: number) =>
    meshOfObjects(
      ...[shop, strict, pod("shop", "canary"), service("shop", "canary", ports)],
      virtualService("shop", "server", {
        hosts: ["server"],
        http: [{ route: [{ destination: { host: "canary", ...(port !== undefined && { port: { number: port } }) } }] }],
      }),
    )
      .findings()
      .flatMap(({ rule, message }) => (rule === "route-to-nowhere" ? [message] : []));
  expect(messages([{ name: "http", port: 80 }])).toEqual([]);
  expect(messages([{ name: "http", port: 8080 }], 8080)).toEqual([]);
  expect(messages([{ name: "http", port: 8080 }])).toEqual([expect.stringContaining("has no port 80")]);
});
