import { describe, expect, test } from "vitest";
import { type CallRequest, conditionText, decide, hostHeaderFor, summarize } from "../../../mesh";
import { type KubernetesObject } from "../../../mesh/manifests";
import { authorizationPolicy, meshConfig, meshOfObjects, peerAuthentication, shop, strict } from "./world";

const client = "cluster.local/ns/shop/sa/client";

function answer(mesh: ReturnType<typeof meshOfObjects>, request: Partial<CallRequest>): string {
  const { outcome, status, outcomes } = decide(mesh, {
    from: "shop/client",
    to: "server.shop:80",
    protocol: "http",
    ...request,
  });
  return outcome === "varies" ? `varies: ${(outcomes ?? []).join(", ")}` : `${outcome} ${String(status)}`;
}

const books = authorizationPolicy("shop", "books", {
  selector: { matchLabels: { app: "server" } },
  rules: [
    { from: [{ source: { principals: [client] } }], to: [{ operation: { methods: ["GET"], paths: ["/books*"] } }] },
  ],
});

describe("an ALLOW policy", () => {
  const mesh = meshOfObjects(shop, strict, books);
  test.each([
    [{ path: "/books/1" }, "allowed 200"],
    [{ path: "/books?x=1" }, "allowed 200"],
    [{ path: "/x/../books" }, "allowed 200"],
    [{ path: "/%62ooks" }, "allowed 200"],
    [{ path: "/books/../admin" }, "denied 403"],
    [{ path: "//books" }, "denied 403"],
    [{ path: "/BOOKS" }, "denied 403"],
    [{ path: "/books", method: "POST" }, "denied 403"],
    [{ path: "/books", from: "shop/other" }, "denied 403"],
    [{ path: "/books", from: "outside" }, "refused null"],
    [{ path: "/books", host: "nowhere.example" }, "unavailable 503"],
    // On the port for TCP a rule with methods is not there, and the policy closes it.
    [{ to: "server.shop:9000", protocol: "tcp" }, "refused null"],
  ] as const)("%j: %s", (request, expected) => {
    expect(answer(mesh, request)).toBe(expected);
  });
});

test("paths of a mesh without normalisation are compared as they are sent", () => {
  const mesh = meshOfObjects(shop, strict, books, meshConfig("pathNormalization: { normalization: NONE }"));
  expect(answer(mesh, { path: "/books/../admin" })).toBe("allowed 200");
  expect(answer(mesh, { path: "/x/../books" })).toBe("denied 403");
});

test("a conjunction of prefix, suffix and an exception is as measured", () => {
  const mesh = meshOfObjects(
    shop,
    strict,
    authorizationPolicy("shop", "buy", {
      rules: [
        {
          from: [{ source: { principals: [client] } }],
          to: [{ operation: { methods: ["GET"], paths: ["*new"], notPaths: ["/buynew"] } }],
          when: [{ key: "request.headers[:path]", values: ["/buy*"] }],
        },
      ],
    }),
  );
  for (const path of ["/buy-new", "/buy-a-book-new", "/buy-new?x=1", "/x/../buy-new"]) {
    expect(answer(mesh, { path }), path).toBe("allowed 200");
  }
  for (const path of ["/buynew", "/buy-x", "/x-new", "/buy?a=new"]) {
    expect(answer(mesh, { path }), path).toBe("denied 403");
  }
  expect(answer(mesh, { path: "/buy-new", method: "POST" })).toBe("denied 403");
  expect(answer(mesh, { path: "/buy-new", from: "shop/other" })).toBe("denied 403");
});

test("a DENY with a path on a port for TCP denies all", () => {
  const deny = authorizationPolicy("shop", "admin", {
    action: "DENY",
    rules: [{ to: [{ operation: { paths: ["/admin"] } }] }],
  });
  const mesh = meshOfObjects(shop, strict, deny);
  expect(answer(mesh, { path: "/admin" })).toBe("denied 403");
  expect(answer(mesh, { path: "/books" })).toBe("allowed 200");
  expect(answer(mesh, { to: "server.shop:9000", protocol: "tcp" })).toBe("refused null");
});

test("an empty policy denies all, one that is only tried nothing, an empty rule lets all in", () => {
  const empty = authorizationPolicy("shop", "empty", {});
  expect(answer(meshOfObjects(shop, strict, empty), {})).toBe("denied 403");
  const tried = authorizationPolicy("shop", "tried", {}, { "istio.io/dry-run": "true" });
  expect(answer(meshOfObjects(shop, strict, tried), {})).toBe("allowed 200");
  const open = authorizationPolicy("shop", "open", { rules: [{}] });
  expect(answer(meshOfObjects(shop, strict, empty, open), {})).toBe("allowed 200");
  const targeted = authorizationPolicy("shop", "targeted", {
    targetRefs: [{ kind: "Service", group: "", name: "server" }],
  });
  expect(answer(meshOfObjects(shop, strict, targeted), {})).toBe("allowed 200");
});

test("policies of the root namespace are for every workload", () => {
  const mesh = meshOfObjects(shop, strict, authorizationPolicy("aks-istio-system", "none", {}));
  expect(answer(mesh, {})).toBe("denied 403");
  expect(answer(meshOfObjects(shop, strict, authorizationPolicy("elsewhere", "none", {})), {})).toBe("allowed 200");
});

test("who decides elsewhere is not decided here", () => {
  const mesh = meshOfObjects(
    shop,
    strict,
    authorizationPolicy("shop", "ask", {
      action: "CUSTOM",
      provider: { name: "opa" },
      rules: [{ to: [{ operation: { paths: ["/admin*"] } }] }],
    }),
  );
  expect(answer(mesh, { path: "/admin" })).toBe("varies: allowed, denied");
  expect(answer(mesh, { path: "/books" })).toBe("allowed 200");
});

test("what somebody else is asked about is told apart from what policies decide", () => {
  const ask = (rule: object) =>
    authorizationPolicy("shop", "ask", { action: "CUSTOM", provider: { name: "opa" }, rules: [rule] });
  const get = authorizationPolicy("shop", "get", { rules: [{ to: [{ operation: { methods: ["GET"] } }] }] });
  const told = (...objects: readonly KubernetesObject[]) => {
    const { entries } = meshOfObjects(shop, strict, ...objects).access();
    const entry = entries.find(
      ({ service }) => service.host === "server.shop.svc.cluster.local" && service.port === 80,
    );
    if (entry === undefined) return undefined;
    const { extent, unsettled, rules, asked, shares } = summarize(entry.tree, [hostHeaderFor(entry.service)]);
    return { extent, unsettled, shares, rules: rules.map(conditionText), asked: asked.map(conditionText) };
  };
  const some = { extent: "some", unsettled: false, shares: { "shop/server": 1 } };
  const admin = { to: [{ operation: { paths: ["/admin*"] } }] };
  expect(told(ask(admin), get)).toEqual({ ...some, rules: ["GET"], asked: ["/admin*"] });
  expect(told(ask({}), get)).toEqual({ ...some, rules: ["GET"], asked: ["any request"] });
  expect(told(get)).toMatchObject({ ...some, rules: ["GET"], asked: [] });
  expect(told(ask(admin), authorizationPolicy("shop", "none", {}))).toBeUndefined();
  const everything = told(ask(admin));
  expect(everything).toMatchObject({ extent: "some", unsettled: false, asked: ["/admin*"] });
});

test("conditions on headers: any value, and where there is none", () => {
  const mesh = meshOfObjects(
    shop,
    strict,
    authorizationPolicy("shop", "headers", {
      rules: [
        {
          when: [
            { key: "request.headers[X-Team]", values: ["a*", "b"] },
            { key: "request.headers[x-debug]", notValues: ["on"] },
          ],
        },
      ],
    }),
  );
  expect(answer(mesh, { headers: { "x-team": "abc" } })).toBe("allowed 200");
  expect(answer(mesh, { headers: { "x-team": "b", "x-debug": "off" } })).toBe("allowed 200");
  expect(answer(mesh, { headers: { "x-team": "bc" } })).toBe("denied 403");
  expect(answer(mesh, { headers: { "x-team": "b", "x-debug": "on" } })).toBe("denied 403");
  expect(answer(mesh, {})).toBe("denied 403");
  // Older Envoys join the values of a header that is sent twice, newer ones look at each.
  expect(answer(mesh, { headers: { "x-team": ["b", "c"] } })).toBe("varies: allowed, denied");
});

test("templates: one segment, and any number", () => {
  const mesh = meshOfObjects(
    shop,
    strict,
    authorizationPolicy("shop", "templates", { rules: [{ to: [{ operation: { paths: ["/t/{*}/x", "/d/{**}"] } }] }] }),
  );
  for (const path of ["/t/1/x", "/t/1%2f2/x", "/d/", "/d/a/b"])
    expect(answer(mesh, { path }), path).toBe("allowed 200");
  for (const path of ["/t//x", "/t/1/2/x", "/d"]) expect(answer(mesh, { path }), path).toBe("denied 403");
});

test("plain text and mutual TLS, by port", () => {
  const open = meshOfObjects(shop);
  expect(answer(open, { from: "outside" })).toBe("allowed 200");
  expect(answer(open, { from: "outside", to: "server.shop:9000", protocol: "tcp" })).toBe("allowed null");
  const ports = meshOfObjects(
    shop,
    strict,
    peerAuthentication("shop", "server", {
      selector: { matchLabels: { app: "server" } },
      portLevelMtls: { 8080: { mode: "PERMISSIVE" }, 9000: { mode: "UNSET" } },
    }),
  );
  expect(answer(ports, { from: "outside" })).toBe("allowed 200");
  expect(answer(ports, { from: "outside", to: "server.shop:9000", protocol: "tcp" })).toBe("refused null");
  expect(answer(ports, { to: "server.shop:9000", protocol: "tcp" })).toBe("allowed null");
});
