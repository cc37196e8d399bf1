import { describe, expect, test } from "vitest";
import { checkGuarantees, decide, diff, type Mesh } from "../../../mesh";
import { type KubernetesObject } from "../../../mesh/manifests";
import { authorizationPolicy, istio, meshOfObjects, requestAuthentication, shop, strict } from "./world";

const takes = requestAuthentication("shop", "takes", {
  selector: { matchLabels: { app: "server" } },
  jwtRules: [{ issuer: "i", jwksUri: "https://i.example/keys" }],
});
const demands = (...values: readonly string[]) =>
  authorizationPolicy("shop", "demands", {
    selector: { matchLabels: { app: "server" } },
    rules: [{ from: [{ source: { requestPrincipals: values } }], to: [{ operation: { ports: ["8080"] } }] }],
  });
const token = { "request.auth.claims[iss]": "i", "request.auth.claims[sub]": "s" };
const call = { from: "shop/client", to: "server.shop.svc.cluster.local:80", protocol: "http" } as const;
const rules = (...objects: readonly (KubernetesObject | readonly KubernetesObject[])[]) =>
  meshOfObjects(shop, strict, ...objects)
    .findings()
    .filter(({ rule }) => rule.startsWith("token"))
    .map(({ rule, severity }) => `${severity} ${rule}`);

test("a token without an issuer is none", () => {
  const headers = { "request.auth.claims[sub]": "s" };
  expect(() => decide(meshOfObjects(shop, strict, takes), { ...call, headers })).toThrow(
    'write "request.auth.claims[iss]" among the headers',
  );
});

test("claims are told apart by upper and lower case, unlike headers", () => {
  const policy = authorizationPolicy("shop", "p", {
    rules: [{ when: [{ key: "request.auth.claims[Group]", values: ["a"] }] }],
  });
  const outcome = (name: string) =>
    decide(meshOfObjects(shop, strict, takes, policy), { ...call, headers: { ...token, [name]: "a" } }).outcome;
  expect(outcome("request.auth.claims[Group]")).toBe("allowed");
  expect(outcome("request.auth.claims[group]")).toBe("denied");
});

describe("a difference", () => {
  const open = authorizationPolicy("shop", "open", { rules: [{}] });
  test("that a demand for tokens makes is shown by a request without one, and its end by the same", () => {
    const [before, after] = [
      meshOfObjects(shop, strict, takes, open),
      meshOfObjects(shop, strict, takes, demands("*")),
    ];
    const closed = diff(before, after).find(({ from, to }) => from === "shop/client" && to === call.to);
    expect(closed).toMatchObject({ kind: "closes", request: { from: "shop/client", path: "/" } });
    expect(closed?.request?.headers ?? {}).toEqual({});
    expect(diff(after, before).map(({ kind }) => kind)).toContain("opens");
  });

  test("that another issuer makes is shown by a token, which the decision confirms", () => {
    const other = istio("security.istio.io/v1", "RequestAuthentication", "shop", "other", {
      jwtRules: [{ issuer: "j", jwksUri: "https://j.example/keys" }],
    });
    const [before, after] = [
      meshOfObjects(shop, strict, takes, demands("*")),
      meshOfObjects(shop, strict, takes, other, demands("*")),
    ];
    const request = diff(before, after).find(({ kind }) => kind === "opens")?.request;
    expect(request?.headers).toMatchObject({ "request.auth.claims[iss]": "j" });
    expect(request && [decide(before, request).outcome, decide(after, request).outcome]).toEqual(["denied", "allowed"]);
  });
});

describe("a guarantee", () => {
  const check = (kind: "never" | "always", mesh: Mesh, headers?: Readonly<Record<string, string>>) =>
    checkGuarantees(mesh, [
      {
        name: "g",
        kind,
        from: ["shop/client"],
        to: "shop/server",
        port: 80,
        ...(headers && { requests: { headers: new Map(Object.entries(headers)) } }),
      },
    ]);

  test("that somebody never calls is broken by a token", () => {
    expect(check("never", meshOfObjects(shop, strict, takes, demands("i/s")))).toMatchObject([
      { request: { headers: token } },
    ]);
    expect(check("never", meshOfObjects(shop, strict, takes, demands("j/s")))).toEqual([]);
  });

  test("that somebody may always call is about requests without a token, or with the one that it names", () => {
    expect(check("always", meshOfObjects(shop, strict, takes))).toEqual([]);
    const demanding = meshOfObjects(shop, strict, takes, demands("i/s"));
    expect(check("always", demanding)).toHaveLength(1);
    expect(check("always", demanding, token)).toEqual([]);
    expect(check("always", demanding, { ...token, "request.auth.claims[sub]": "t" })).toHaveLength(1);
  });
});

describe("findings", () => {
  test("a RequestAuthentication alone demands no token", () => {
    expect(rules(takes)).toEqual(["warning token-not-demanded"]);
    expect(rules(takes, demands("*"))).toEqual([]);
    expect(rules(takes, authorizationPolicy("shop", "closed", {}))).toEqual([]);
  });

  test("request principals where no token is read, or none of that issuer, are nobody's", () => {
    expect(rules(demands("*"))).toEqual(["error token-of-nobody"]);
    expect(rules(takes, demands("i/*"))).toEqual([]);
    expect(rules(takes, demands("j/*"))).toEqual(["error token-of-nobody"]);
    // The last slash ends the issuer.
    expect(rules(takes, demands("i/a/b"))).toEqual(["error token-of-nobody"]);
  });

  test("headers that are written of tokens are not read", () => {
    const writes = requestAuthentication("shop", "writes", {
      jwtRules: [
        { issuer: "i", jwksUri: "https://i.example", outputClaimToHeaders: [{ header: "X-Sub", claim: "sub" }] },
      ],
    });
    const asks = (key: string) => authorizationPolicy("shop", "asks", { rules: [{ when: [{ key, values: ["s"] }] }] });
    expect(rules(writes, asks("request.headers[x-sub]"))).toContain("warning token-header-not-read");
    expect(rules(writes, asks("request.headers[x-other]"))).not.toContain("warning token-header-not-read");
  });
});
