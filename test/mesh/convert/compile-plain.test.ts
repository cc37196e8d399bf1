import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileByOsm } from "../../../mesh/convert/compile";
import { compilePlain } from "../../../mesh/convert/compile-plain";
import { type Policy, type PolicyPort, type PolicyRoute, type PolicyService } from "../../../mesh/policy";

/** Mostly the first, now and then one of the others. */
function mostly<T>(usual: fc.Arbitrary<T>, ...others: readonly fc.Arbitrary<T>[]): fc.Arbitrary<T> {
  return fc.oneof({ arbitrary: usual, weight: 120 }, ...others.map((arbitrary) => ({ arbitrary, weight: 1 })));
}

const keys = ["cart", "web", "pay", "mail", "stock"] as const;

const ports: fc.Arbitrary<readonly PolicyPort[]> = mostly(
  fc.constantFrom<(readonly PolicyPort[])[]>(
    [{ port: 80, protocol: "http" }],
    [{ port: 80, targetPort: 8080, protocol: "grpc" }],
    [
      { port: 8080, protocol: "http" },
      { port: 80, targetPort: 9090, protocol: "grpc" },
    ],
  ),
  fc.constantFrom<(readonly PolicyPort[])[]>(
    [],
    [{ port: 3306, protocol: "tcp" }],
    [{ port: 0, protocol: "http" }],
    [
      { port: 8080, protocol: "http" },
      { port: 80, targetPort: 8080, protocol: "http" },
    ],
  ),
);

const service = (key: string): fc.Arbitrary<PolicyService> =>
  fc.record(
    {
      namespace: mostly(fc.constantFrom("shop", "edge"), fc.constantFrom("kube-system", "a.b")),
      serviceAccount: mostly(fc.constant(key), fc.constantFrom("shared", "default", "dot.ted")),
      ports,
      service: mostly(fc.constant(`${key}-svc`), fc.constantFrom("same", "do.ts")),
    },
    { requiredKeys: ["namespace", "serviceAccount", "ports"] },
  );

type Headers = NonNullable<PolicyRoute["headers"]>;

const route: fc.Arbitrary<PolicyRoute> = fc.record(
  {
    path: mostly(
      fc.constantFrom("/items/[^/]+", "/pay(/.*)?", "/healthz", "/stock.*", "/a|/b"),
      fc.constantFrom("/[0-9]+", "(", "/items.*", ".*", ""),
    ),
    methods: fc.constantFrom<NonNullable<PolicyRoute["methods"]>[]>(
      ["GET"],
      ["GET", "HEAD"],
      ["POST"],
      [],
      ["PUT", "PUT"],
    ),
    headers: mostly(
      fc.constantFrom<Headers[]>({}, { "x-team": "a" }, { "x-env": "test-.*", "x-team": "a|b" }),
      fc.constantFrom<Headers[]>(
        { Host: "cart" },
        { "x-team": "" },
        { "X-Team": "a", "x-team": ".*" },
        { "x-team": "[a-z]+" },
      ),
    ),
  },
  { requiredKeys: [] },
);

const policies: fc.Arbitrary<Policy> = fc
  .record({
    services: fc.record({
      cart: service("cart"),
      web: service("web"),
      pay: service("pay"),
      mail: service("mail"),
      stock: service("stock"),
    }),
    routes: fc.record({
      read: fc.record({ one: route, two: route }),
      write: fc.record({ one: route, two: route }),
    }),
    access: fc.array(
      fc.record(
        {
          name: mostly(fc.uuid(), fc.constant("twice")),
          from: fc.oneof(fc.constantFrom(...keys), fc.subarray([...keys], { minLength: 1, maxLength: 3 })),
          to: fc.constantFrom(...keys),
          routes: fc.array(
            mostly(fc.constantFrom("read/one", "write/one", "read/two", "write/two"), fc.constant("read/three")),
            { minLength: 1, maxLength: 4 },
          ),
        },
        { requiredKeys: ["from", "to", "routes"] },
      ),
      { maxLength: 6 },
    ),
  })
  .chain((policy) =>
    mostly<Policy>(
      fc.constant(policy),
      fc.constant({ ...policy, mode: "permissive" }),
      fc.constant({ ...policy, openEgress: true }),
      fc.constant({ ...policy, splits: [{ root: "cart", backends: { web: 1 } }] }),
    ),
  );

/** What the conversion makes of it, or what it says is wrong. */
function byConversion(policy: Policy, options: Parameters<typeof compileByOsm>[1]): unknown {
  try {
    return compileByOsm(policy, options);
  } catch (error) {
    return error;
  }
}

describe("compile for Istio without OSM's control plane", () => {
  it("makes the objects that the conversion of OSM's makes, in the same order, of every policy that it takes", () => {
    let taken = 0;
    const drawn = fc.sample(policies, { seed: 5, numRuns: 2000 });
    for (const [index, policy] of drawn.entries()) {
      const options = { noDefaultRetries: index % 5 === 0 };
      const objects = compilePlain(policy, options);
      if (objects === undefined) continue;
      taken += 1;
      expect(objects, JSON.stringify(policy)).toEqual(byConversion(policy, options));
    }
    // Enough of them for that to say something.
    expect(taken).toBeGreaterThan(300);
  });

  const plain: Policy = {
    services: {
      web: { namespace: "edge", serviceAccount: "web" },
      mail: { namespace: "edge", serviceAccount: "mail" },
      cart: { namespace: "shop", serviceAccount: "cart", ports: [{ port: 80, targetPort: 8080, protocol: "http" }] },
    },
    routes: { cart: { read: { methods: ["GET"], path: "/items.*" }, all: { path: "/items/[^/]+" } } },
    access: [{ from: "web", to: "cart", routes: ["cart/read"] }],
  };

  it.each<[string, Partial<Policy>]>([
    ["splits", { splits: [{ root: "cart", backends: { cart: 1 } }] }],
    ["open egress", { openEgress: true }],
    ["permissive mode", { mode: "permissive" }],
    [
      "two services of one account",
      { services: { ...plain.services, old: { namespace: "shop", serviceAccount: "cart" } } },
    ],
    [
      "two services of one name",
      {
        services: { ...plain.services, old: { namespace: "shop", serviceAccount: "old", service: "cart", ports: [] } },
      },
    ],
    [
      "routes that meet and are not for the same callers",
      { access: [...(plain.access ?? []), { from: "mail", to: "cart", routes: ["cart/all"] }] },
    ],
    ["a pattern that Istio cannot say", { routes: { cart: { read: { path: "/[0-9]+" } } } }],
    ["a service that is not there", { access: [{ from: "web", to: "basket", routes: ["cart/read"] }] }],
    ["a rule without routes", { access: [{ from: "web", to: "cart" }] }],
  ])("leaves %s to the conversion", (_, change) => {
    expect(compilePlain(plain, {})).toBeDefined();
    expect(compilePlain({ ...plain, ...change }, {})).toBeUndefined();
  });

  it("leaves answers of 404 to the conversion, which knows OSM's routes", () => {
    expect(compilePlain(plain, { keepNotFound: true })).toBeUndefined();
  });
});
