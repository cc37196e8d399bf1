import { expect, test } from "vitest";
import { checkGuarantees, decide, diff, type Mesh } from "../../../mesh";
import { asksForHost, mayPass } from "../../../mesh/analysis/may-pass";
import { callTree } from "../../../mesh/analysis/decide";
import { answersIn, certain, possible } from "../../../mesh/analysis/outcome-sets";
import { shareSets } from "../../../mesh/analysis/share-sets";
import { conditionText, summarize } from "../../../mesh/analysis/summary";
import { intersectSets, requestsMeeting } from "../../../mesh/request/request-set";
import {
  authorizationPolicy,
  istio,
  meshConfig,
  meshOfObjects,
  type Objects,
  requestAuthentication,
  shop,
  strict,
  virtualService,
} from "./world";

const to = "server.shop:80";
const destination = { destination: { host: "server" } };
const onlyPaths = (...paths: readonly string[]) =>
  authorizationPolicy("shop", "server", {
    selector: { matchLabels: { app: "server" } },
    rules: [{ to: [{ operation: { paths } }] }],
  });
const rewriting = (match: object | undefined, rewrite: object, more: object = {}) =>
  virtualService("shop", "server", {
    hosts: ["server"],
    http: [{ ...(match !== undefined && { match: [match] }), rewrite, route: [destination], ...more }],
  });

/** What becomes of requests from the client, in its mesh. */
function asked(objects: Objects, form?: string) {
  const config = form === undefined ? [] : [meshConfig(`pathNormalization: {normalization: ${form}}\n`)];
  const mesh = meshOfObjects(shop, strict, config, ...objects);
  const end = (path: string, headers: Readonly<Record<string, string>> = {}, host?: string): unknown => {
    const { outcome, status } = decide(mesh, {
      ...{ from: "shop/client", to, protocol: "http", path, headers },
      ...(host !== undefined && { host }),
    });
    return status ?? outcome;
  };
  return { mesh, end };
}

test.each<[string, object | undefined, object, Readonly<Record<string, number>>]>([
  ["a prefix", { uri: { prefix: "/api" } }, { uri: "/v1" }, { "/api": 403, "/api/books": 200, "/v1/books": 404 }],
  ["a prefix by a slash", { uri: { prefix: "/api/" } }, { uri: "/v1/" }, { "/api/books?q=/x": 200, "/api/x": 403 }],
  [
    "a prefix, two slashes then",
    { uri: { prefix: "/api" } },
    { uri: "/" },
    { "/api/v1/books": 403, "/apiv1/books": 200 },
  ],
  ["a whole path", { uri: { exact: "/old" } }, { uri: "/v1/books" }, { "/old": 200, "/old?q": 200, "/old/": 404 }],
  ["what a regex matches", { uri: { regex: "/o.*" } }, { uri: "/v1/books" }, { "/o": 200, "/old/er": 200, "/x": 404 }],
  ["the first slash, without a match", undefined, { uri: "/v1/" }, { "/books": 200, "/v1/books": 403 }],
  ["a prefix in any case", { uri: { prefix: "/API" }, ignoreUriCase: true }, { uri: "/v1" }, { "/aPi/books": 200 }],
  ["every path", undefined, { uriRegexRewrite: { match: "/.*", rewrite: "/v1/books" } }, { "/": 200, "/a/b": 200 }],
  ["a text, what is behind it staying", { uri: { prefix: "/a.b/" } }, { uriRegexRewrite: { match: "^/a\\.b/(.*)$", rewrite: "/v1/\\1" } }, { "/a.b/books": 200, "/a.b/a.b/books": 403 }], // prettier-ignore
  ["a text without an anchor", { uri: { exact: "/a/books" } }, { uriRegexRewrite: { match: "/a(.*)", rewrite: "/v1\\1" } }, { "/a/books?q": 200 }], // prettier-ignore
  ["the first slash by a pattern", undefined, { uriRegexRewrite: { match: "^/(.*)$", rewrite: "/v1/\\1" } }, { "/books": 200, "/v1/books": 403 }], // prettier-ignore
])("of %s that is rewritten policies behind see the new path", (_, match, rewrite, expected) => {
  const { end } = asked([onlyPaths("/v1/books*"), rewriting(match, rewrite)]);
  for (const [path, status] of Object.entries(expected)) expect(end(path), path).toBe(status);
});

test("the next sidecar brings a rewritten path into its normal form", () => {
  const objects = [onlyPaths("/v1/books"), rewriting({ uri: { prefix: "/api" } }, { uri: "/" })];
  expect(asked(objects).end("/api/v1/books")).toBe(403);
  expect(asked(objects, "MERGE_SLASHES").end("/api/v1/books")).toBe(200);
  const up = [onlyPaths("/secret"), rewriting({ uri: { prefix: "/api" } }, { uri: "/x/." })];
  expect(asked(up).end("/api./secret")).toBe(200);
  expect(asked(up, "NONE").end("/api./secret")).toBe(403);
});

test("what a pattern replaces, and what is no path, is not followed", () => {
  for (const rewrite of [
    { uriRegexRewrite: { match: "/a(.*)", rewrite: "/v1\\1" } },
    { uriRegexRewrite: { match: "^/(.*)$", rewrite: "v1/\\1" } },
    { uriRegexRewrite: { match: "^/([^/]*)/", rewrite: "/v1/\\1" } },
    { uriRegexRewrite: { match: ".*", rewrite: "/\\0" } },
    { uri: "v1" },
    { uri: "/v1?q=" },
  ]) {
    const { end } = asked([onlyPaths("/v1/*"), rewriting(undefined, rewrite)]);
    expect(end("/a/b"), JSON.stringify(rewrite)).toBe("varies");
  }
});

const onlyHeader = (name: string, ...values: readonly string[]) =>
  authorizationPolicy("shop", "server", { rules: [{ when: [{ key: `request.headers[${name}]`, values }] }] });
const onlyTeam = onlyHeader.bind(undefined, "x-team");
const changing = (operations: object, own: object = {}, second: object | undefined = undefined) => {
  const route = [
    { ...destination, headers: { request: own }, ...(second !== undefined && { weight: 50 }) },
    ...(second === undefined ? [] : [{ ...destination, headers: { request: second }, weight: 50 }]),
  ];
  return virtualService("shop", "server", { hosts: ["server"], http: [{ headers: { request: operations }, route }] });
};

test.each<[string, Parameters<typeof changing>, number | string, number | string]>([
  ["sets it", [{ set: { "X-Team": "red" } }], 200, 200],
  ["sets it to another", [{ set: { "x-team": "blue" } }], 403, 403],
  ["takes it off", [{ remove: ["X-Team"] }], 403, 403],
  ["takes it off and sets it", [{ remove: ["x-team"], set: { "x-team": "red" } }], 200, 200],
  ["changes another", [{ set: { "x-other": "red" } }], 200, 403],
  ["sets it to nothing", [{ set: { "x-team": "" } }], 200, 403],
  ["adds nothing to it", [{ add: { "x-team": "" } }], 200, 403],
  ["adds to it", [{ add: { "x-team": "red" } }], "varies", "varies"],
  ["sets what Envoy knows", [{ set: { "x-team": "%PROTOCOL%" } }], "varies", "varies"],
  ["lets its lone destination set it last", [{ set: { "x-team": "blue" } }, { set: { "x-team": "red" } }], 200, 200],
  ["takes it off before that", [{ remove: ["x-team"] }, { set: { "x-team": "red" } }], 200, 200],
  ["sets it after its destinations", [{ set: { "x-team": "red" } }, { set: { "x-team": "blue" } }, {}], 200, 200],
  ["takes it off after them", [{ remove: ["x-team"] }, { set: { "x-team": "red" } }, {}], 403, 403],
  ["sets it for one of two", [{}, { set: { "x-team": "red" } }, {}], 200, "varies"],
])("a header that policies ask for is followed where a rule %s", (_, change, red, none) => {
  const { end } = asked([onlyTeam("red"), changing(...change)]);
  expect([end("/", { "x-team": "red" }), end("/")]).toEqual([red, none]);
});

test("a Host header that a rule gives is the one that policies see, by patterns too", () => {
  const host = (pattern: string) =>
    authorizationPolicy("shop", "server", { rules: [{ to: [{ operation: { hosts: [pattern] } }] }] });
  for (const pattern of ["new.example", "*.example", "new.*"]) {
    for (const change of [{ set: { Host: "new.example" } }, { set: { ":authority": "new.example" } }]) {
      expect(asked([host(pattern), changing(change)]).end("/"), pattern).toBe(200);
      expect(asked([host(pattern), changing({}, change)]).end("/"), pattern).toBe(200);
    }
    expect(asked([host(pattern), rewriting(undefined, { authority: "new.example" })]).end("/"), pattern).toBe(200);
    expect(asked([host(pattern), changing({})]).end("/"), pattern).toBe(403);
  }
  const both = [host("a.example"), rewriting(undefined, { authority: "a.example" }, { headers: { request: { set: { host: "b.example" } } } })]; // prettier-ignore
  expect(asked(both).end("/")).toBe(200);
  expect(asked([host("server.*"), changing({ set: { host: "new.example" } })]).end("/")).toBe(403);
});

const paths = [
  "/",
  "/api",
  "/api/books",
  "/api/x",
  "/apiv1/books",
  "/api/../books",
  "/v1/books",
  "/api.",
  "/api/v1/books",
];

test.each<[string, object | undefined, object]>([
  ["a prefix", { uri: { prefix: "/api" } }, { uri: "/v1" }],
  ["a prefix by a slash", { uri: { prefix: "/api" } }, { uri: "/" }],
  ["the first slash", undefined, { uri: "/v1" }],
  ["all", undefined, { uriRegexRewrite: { match: ".*", rewrite: "/v1/books" } }],
  ["a prefix by what is not normal", { uri: { prefix: "/api" } }, { uri: "/v1/." }],
])(
  "sets of requests say of each path the same as the decision about it, where %s is rewritten",
  (_, match, rewrite) => {
    for (const form of ["NONE", "BASE", "MERGE_SLASHES"]) {
      const { mesh, end } = asked([onlyPaths("/v1/books*", "/v1", "/v1/.*"), rewriting(match, rewrite)], form);
      const tree = callTree(mesh, "shop/client", to, { authority: to });
      const whole = paths.filter((path) => form === "NONE" || !path.includes(".."));
      for (const path of whole) {
        const own = requestsMeeting({ methods: ["GET"], path: path.replaceAll(".", "\\.") }, to);
        const isAllowed = end(path) === 200;
        const [may, must] = [possible, certain].map((of) => intersectSets(own, of(tree, "allowed", to)).length > 0);
        const shares = shareSets(tree, to).filter(({ requests }) => intersectSets(own, requests).length > 0);
        expect(shares, path).toHaveLength(1);
        expect(must === true && !isAllowed, `${form} ${path} must`).toBe(false);
        expect(may === false && isAllowed, `${form} ${path} may`).toBe(false);
        // Of what leaves the normal form alone nothing is told.
        if (form === "NONE") expect(must, path).toBe(isAllowed);
      }
      expect(answersIn(tree).has("no-route")).toBe(match !== undefined);
    }
  },
);

test("sets of requests see the Host that a rule gives", () => {
  const only = onlyHeader(":authority", "*.example");
  for (const [authority, isAllowed] of [
    ["new.example", true],
    ["new.other", false],
  ] as const) {
    const { mesh } = asked([only, rewriting(undefined, { authority })]);
    const tree = callTree(mesh, "shop/client", to, { authority: to });
    expect(possible(tree, "allowed", to).length > 0, authority).toBe(isAllowed);
    expect(certain(tree, "allowed", to).length > 0, authority).toBe(isAllowed);
    expect(shareSets(tree, to).flatMap(({ shares }) => [...shares.keys()])).toEqual(isAllowed ? ["shop/server"] : []);
    expect(mayPass(tree, to), authority).toBe(isAllowed);
    expect(asksForHost(tree), authority).toBe(false);
    const { extent, rules } = summarize(tree, [to]);
    expect(extent, authority).toBe(isAllowed ? "some" : "none");
    expect(rules, authority).toHaveLength(isAllowed ? 1 : 0);
  }
});

test("a pseudo header that a rule gives is the Host, and none of the headers", () => {
  const asking = authorizationPolicy("shop", "server", {
    rules: [{ when: [{ key: "request.headers[:authority]", values: ["new.example"] }] }],
  });
  expect(asked([asking, changing({ set: { ":authority": "new.example" } })]).end("/")).toBe(200);
  expect(asked([asking, changing({ set: { ":authority": "other.example" } })]).end("/")).toBe(403);
});

test("a token that a rule takes off or gives is not followed", () => {
  const token = requestAuthentication("shop", "all", { jwtRules: [{ issuer: "https://a.example", jwksUri: "https://a.example/keys" }] }); // prettier-ignore
  const policy = authorizationPolicy("shop", "server", {
    rules: [{ from: [{ source: { requestPrincipals: ["*"] } }] }],
  });
  const plain = { "request.auth.claims[iss]": "https://a.example", "request.auth.claims[sub]": "x" };
  const removing = changing({ remove: ["Authorization"] });
  expect(asked([token, policy, changing({ remove: ["x-other"] })]).end("/", plain)).toBe(200);
  expect(asked([token, policy, removing]).end("/", plain)).toBe("varies");
  const named = onlyHeader("authorization", "secret");
  expect(asked([named, removing]).end("/", { authorization: "secret" })).toBe(403);
  expect(asked([token, named, removing]).end("/", { authorization: "secret" })).toBe("varies");
});

test("each match of a rule has a text of its own replaced", () => {
  const match = [{ uri: { prefix: "/api" } }, { uri: { prefix: "/older" } }, { uri: { exact: "/o" } }];
  const http = [{ match, rewrite: { uri: "/v1" }, route: [destination] }];
  const { end } = asked([onlyPaths("/v1/x", "/v1"), virtualService("shop", "server", { hosts: ["server"], http })]);
  expect(["/api/x", "/older/x", "/o", "/api", "/older/y"].map((path) => end(path))).toEqual([200, 200, 200, 200, 403]);
});

test.each<[string, object, object, Readonly<Record<string, number>>]>([
  [
    "taken away",
    { value: "/api" },
    { replacePrefixMatch: "/" },
    { "/api/v1/x": 200, "/api": 403, "/api/x": 403, "/apis": 404 },
  ],
  [
    "taken away, written with a slash",
    { value: "/api/" },
    { replacePrefixMatch: "/" },
    { "/api/v1/x": 200, "/api/": 403 },
  ],
  ["another", { value: "/api" }, { replacePrefixMatch: "/v1/" }, { "/api/x": 200, "/api": 403, "/api/": 403 }],
  [
    "another in the place of the first slash",
    { value: "/" },
    { replacePrefixMatch: "/v1/" },
    { "/x": 403, "//x": 200 },
  ],
  ["taken away where there is none", { value: "/" }, { replacePrefixMatch: "/" }, { "/v1/x": 200, "/x": 403 }],
  [
    "of no meaning: the whole path is another",
    { value: "/api" },
    { replaceFullPath: "/v1/x" },
    { "/api": 200, "/api/y": 200 },
  ],
])("the prefix that an HTTPRoute matches is %s", (_, path, rewrite, expected) => {
  const type = "replaceFullPath" in rewrite ? "ReplaceFullPath" : "ReplacePrefixMatch";
  const route = istio("gateway.networking.k8s.io/v1", "HTTPRoute", "shop", "r", {
    parentRefs: [{ group: "", kind: "Service", name: "server" }],
    rules: [
      {
        matches: [{ path: { type: "PathPrefix", ...path } }],
        filters: [{ type: "URLRewrite", urlRewrite: { path: { type, ...rewrite } } }],
        backendRefs: [{ name: "server", port: 80 }],
      },
    ],
  });
  const { end } = asked([onlyPaths("/v1/x"), route]);
  for (const [asking, status] of Object.entries(expected)) expect(end(asking), asking).toBe(status);
});

test("headers that an HTTPRoute or its backend sets are those that policies see", () => {
  const modified = (value: string, own: string) => {
    const filter = (text: string) => ({
      type: "RequestHeaderModifier",
      requestHeaderModifier: { set: [{ name: "X-Team", value: text }] },
    });
    return istio("gateway.networking.k8s.io/v1", "HTTPRoute", "shop", "r", {
      parentRefs: [{ group: "", kind: "Service", name: "server" }],
      rules: [{ filters: [filter(value)], backendRefs: [{ name: "server", port: 80, filters: [filter(own)] }] }],
    });
  };
  expect(asked([onlyTeam("red"), modified("blue", "red")]).end("/")).toBe(200);
  expect(asked([onlyTeam("red"), modified("red", "blue")]).end("/")).toBe(403);
});

test("diff tells what becomes of requests that are rewritten to another path, and of nothing else", () => {
  const by = (prefix: string, uri: string) => asked([onlyPaths("/v1/x"), rewriting({ uri: { prefix } }, { uri })]).mesh;
  const kinds = (...meshes: readonly [Mesh, Mesh]) => [...new Set(diff(...meshes).map(({ kind }) => kind))];
  expect(kinds(by("/api", "/v1"), by("/api", "/v1"))).toEqual([]);
  expect(kinds(by("/api", "/v1"), by("/api", "/v2"))).toEqual(["closes"]);
  expect(kinds(by("/api", "/v2"), by("/api", "/v1"))).toEqual(["opens"]);
});

test.each<[string, object, number | string]>([
  ["a status of HTTP", { httpStatus: 418, percentage: { value: 100 } }, 418],
  ["one of gRPC", { grpcStatus: "UNAVAILABLE", percentage: { value: 100 } }, 503],
  ["another one of gRPC, for one in a million", { grpcStatus: "ABORTED", percentage: { value: 0.0001 } }, "varies"],
  ["a share of less than that", { httpStatus: 500, percentage: { value: 0.00009 } }, 200],
  ["no share", { httpStatus: 500 }, 200],
])("calls that a rule aborts with %s", (_, abort, expected) => {
  const http = [{ fault: { abort }, route: [destination] }];
  expect(asked([virtualService("shop", "server", { hosts: ["server"], http })]).end("/")).toBe(expected);
});

test("a fault that says no share of the calls is told as one of none", () => {
  const found = (fault: object) =>
    asked([virtualService("shop", "server", { hosts: ["server"], http: [{ fault, route: [destination] }] })])
      .mesh.findings()
      .filter(({ rule }) => rule === "fault-of-no-call")
      .map(({ property }) => property);
  expect(found({ abort: { httpStatus: 500 }, delay: { fixedDelay: "1s", percentage: {} } })).toEqual([
    "spec.http[0].fault.abort",
    "spec.http[0].fault.delay",
  ]);
  expect(
    found({ abort: { httpStatus: 500, percentage: { value: 0 } }, delay: { fixedDelay: "1s", percent: 5 } }),
  ).toEqual([]);
});

test("a guarantee is proved of rewritten requests, and told where one breaks it", () => {
  const never = { name: "n", kind: "never", from: ["shop/client"], to: "shop/server" } as const;
  const broken = (...objects: Objects) => checkGuarantees(asked(objects).mesh, [never]).map(({ rule }) => rule);
  const other = (by: string) => rewriting(undefined, { uriRegexRewrite: { match: "/.*", rewrite: by } });
  expect(broken(onlyPaths("/admin"), other("/books"))).toEqual([]);
  expect(broken(onlyPaths("/admin"), other("/admin"))).toEqual(["broken-guarantee"]);
});

test("whether anything passes is told by the changed requests", () => {
  const passes = (...objects: Objects) =>
    mayPass(callTree(asked(objects).mesh, "shop/client", to, { authority: to }), to);
  const all = (by: string) => rewriting(undefined, { uriRegexRewrite: { match: "/.*", rewrite: by } });
  expect(passes(onlyPaths("/books"), all("/books"))).toBe(true);
  expect(passes(onlyPaths("/books"), all("/other"))).toBe(false);
});

test("a summary says that rules are those of the changed request", () => {
  const { mesh } = asked([onlyPaths("/v1/books"), rewriting({ uri: { prefix: "/api" } }, { uri: "/v1" })]);
  const { rules, extent } = summarize(callTree(mesh, "shop/client", to, { authority: to }), [to]);
  expect(extent).toBe("some");
  expect(rules.map(conditionText)).toEqual([
    expect.stringMatching(/\/v1\/books after the change of the path of \/api\*$/),
  ]);
});
