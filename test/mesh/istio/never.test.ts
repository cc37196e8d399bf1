import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ServicePort } from "../../../mesh/analysis/mesh";
import { checkGuarantees, type Guarantee } from "../../../mesh/analysis/guarantees";
import { istioMesh } from "../../../mesh/istio";
import { type KubernetesObject } from "../../../mesh/manifests";
import { authorizationPolicy, istio, meshNamespace, pod, service, strict, virtualService } from "./world";

const names = ["a/one", "a/two", "b/one", "b/two"] as const;
const full = names.map((key) => key.split("/").reverse().join("."));

const workloads = names.flatMap((key, index) => {
  const [namespace = "", name = ""] = key.split("/");
  const ports = [{ name: index === 3 ? "data" : "http", port: 80 }];
  return [pod(namespace, name), service(namespace, name, ports)];
});

const host = fc.oneof(
  fc.constantFrom(...full.flatMap((name) => [name, `${name}.svc.cluster.local`, `${name}:80`, `${name}:81`])),
  fc.constantFrom("one", "two", "*", "one.*", "*.a", "*.svc.cluster.local", "any.a", "outside.example", "ONE.a"),
);
const hosts = fc.array(host, { minLength: 1, maxLength: 3 });
const operation = fc.oneof(
  hosts.map((value) => ({ hosts: value })),
  hosts.map((value) => ({ notHosts: value })),
  fc.constant({ methods: ["GET"] }),
);
const principal = fc.constantFrom(
  ...names.map((key) => `cluster.local/ns/${key.replace("/", "/sa/")}`),
  "cluster.local/ns/a/*",
);
const source = fc.oneof(
  principal.map((one) => ({ principals: [one] })),
  principal.map((one) => ({ notPrincipals: [one] })),
  fc.constantFrom("a", "b").map((one) => ({ namespaces: [one] })),
);
const rule = fc.record(
  {
    from: fc.array(
      source.map((one) => ({ source: one })),
      { minLength: 1, maxLength: 2 },
    ),
    to: fc.array(
      operation.map((one) => ({ operation: one })),
      { minLength: 1, maxLength: 2 },
    ),
    when: hosts.map((values) => [{ key: "request.headers[Host]", values }]),
  },
  { requiredKeys: [] },
);
const policy = fc.record({
  of: fc.constantFrom(...names, "aks-istio-system/"),
  action: fc.constantFrom("ALLOW", "ALLOW", "DENY"),
  rules: fc.array(rule, { minLength: 1, maxLength: 2 }),
});
/** What routes ask of Host headers, in Istio's words. */
const asked = fc.oneof(
  fc
    .constantFrom("one.a:80", "one.a", "two.b:80", "ONE.a", "admin.example", "two.b.svc.cluster.local:80")
    .map((exact) => ({ exact })),
  fc.constantFrom("one", "admin", "two.b.svc", "TWO").map((prefix) => ({ prefix })),
  fc.constantFrom(".*:8[0-9]81", "(one|two)[.][ab]:80", "admin[0-9]?[.]example", ".*[.]b").map((regex) => ({ regex })),
);
const matched = fc.oneof(
  asked.map((one) => ({ authority: one })),
  fc.tuple(fc.constantFrom("host", ":authority"), asked).map(([name, one]) => ({ headers: { [name]: one } })),
  fc.tuple(fc.constantFrom("host", ":authority"), asked).map(([name, one]) => ({ withoutHeaders: { [name]: one } })),
);
const ruled = fc.record(
  { match: fc.array(matched, { minLength: 1, maxLength: 2 }), to: fc.constantFrom(...full, "nowhere") },
  { requiredKeys: ["to"] },
);
const route = fc.record({
  from: fc.constantFrom(...full, "other.example", "*.b"),
  rules: fc.array(ruled, { minLength: 1, maxLength: 2 }),
  delegates: fc.boolean(),
});
const sidecar = fc.record({
  namespace: fc.constantFrom("a", "b"),
  hosts: fc.constantFrom("./*", "a/*", "*/one.a.svc.cluster.local"),
  mode: fc.constantFrom("ALLOW_ANY", "REGISTRY_ONLY"),
});
/** A Host header for each way in which names, policies and routes may tell them apart. */
const tellingHosts = [
  ...full.flatMap((name) => {
    const [label = ""] = name.split(".");
    return [label, name, `${name}.svc`, `${name}.svc.cluster.local`].flatMap((one) => [
      ...["", ":80", ":8081"].map((port) => `${one}${port}`),
      ...[one.toUpperCase(), `${label.toUpperCase()}${one.slice(label.length)}`],
      `${label}${one.slice(label.length).toUpperCase()}:8081`,
    ]);
  }),
  ...[
    "admin.example",
    "admin7.example",
    "adminx",
    "other.example",
    "any.b",
    "any.b:80",
    "oneness",
    "two.b.svcx",
    "TWOx",
    "x:8081",
    "other.example:8081",
  ],
];
const isWhole = (name: string): string =>
  name.includes("*") || name.includes("example") ? name : `${name}.svc.cluster.local`;

it("a guarantee is tried under all Host headers and for all callers that make a difference, and under no more than these", () => {
  let tried = 0;
  let broken = 0;
  fc.assert(
    fc.property(
      fc.array(policy, { minLength: 1, maxLength: 4 }),
      fc.array(route, { maxLength: 2 }),
      fc.array(sidecar, { maxLength: 1 }),
      fc.boolean(),
      (policies, routes, sidecars, isStrict) => {
        const mesh = istioMesh({
          objects: [
            ...(isStrict ? [strict] : []),
            ...["a", "b"].map((one) => meshNamespace(one)),
            ...workloads,
            ...policies.map(({ of, action, rules }, index) => {
              const [namespace = "", app = ""] = of.split("/");
              const selector = app !== "" && { selector: { matchLabels: { app } } };
              return authorizationPolicy(namespace, `policy-${String(index)}`, { ...selector, action, rules });
            }),
            ...routes.flatMap(({ from, rules, delegates }, index) => {
              const name = `route-${String(index)}`;
              const http = rules.map(({ match, to }) => ({
                ...(match && { match }),
                ...(to === "nowhere"
                  ? { directResponse: { status: 403 } }
                  : { route: [{ destination: { host: isWhole(to) } }] }),
              }));
              const root = {
                hosts: [isWhole(from)],
                http: delegates ? [{ delegate: { name: `${name}-rules` } }] : http,
              };
              return [
                virtualService("a", name, root),
                ...(delegates ? [virtualService("a", `${name}-rules`, { http })] : []),
              ];
            }),
            ...sidecars.map(({ namespace, hosts: told, mode }) =>
              istio("networking.istio.io/v1", "Sidecar", namespace, "default", {
                egress: [{ hosts: [told] }],
                outboundTrafficPolicy: { mode },
              }),
            ),
          ],
        });
        const written = policies.flatMap(({ rules }) =>
          rules.flatMap(({ to = [], when = [] }) => [
            ...to.flatMap(({ operation: one }) => [
              ...("hosts" in one ? one.hosts : []),
              ...("notHosts" in one ? one.notHosts : []),
            ]),
            ...when.flatMap(({ values }) => values),
          ]),
        );
        const all = [...new Set([...written.map((one) => one.replace("*", "any")), ...tellingHosts])];
        const exhaustive = {
          ...mesh,
          authorities: (to: ServicePort, by?: string) => [...all, ...mesh.authorities(to, by)],
          likeness: () => (caller: string) => caller,
        };
        const guarantees = names.flatMap((to): readonly Guarantee[] => [
          { name: `nobody calls ${to}`, kind: "never", from: ["*"], to },
          { name: `nobody writes to ${to}`, kind: "never", from: ["*"], to, requests: { methods: ["POST"] } },
          { name: `everybody reads ${to}`, kind: "always", from: ["*"], to, requests: { methods: ["GET"] } },
          ...names.map((from): Guarantee => ({ name: `${from} never calls ${to}`, kind: "never", from: [from], to })),
        ]);
        const found = checkGuarantees(mesh, guarantees).map(({ object, rule: kind }) => `${kind}: ${object}`);
        expect(found).toEqual(
          checkGuarantees(exhaustive, guarantees).map(({ object, rule: kind }) => `${kind}: ${object}`),
        );
        tried += guarantees.length;
        broken += found.length;
      },
    ),
    { seed: 7, numRuns: 80 },
  );
  // Both are there, so that neither is told by chance.
  expect(broken).toBeGreaterThan(tried / 10);
  expect(broken).toBeLessThan((tried * 9) / 10);
});

describe("Host headers under which a Service is tried", () => {
  const asking = (of: string, ...values: readonly string[]) => {
    const [namespace = "", app = ""] = of.split("/");
    const rules = [{ to: [{ operation: { hosts: values } }] }];
    return authorizationPolicy(namespace, `for-${app}`, { selector: { matchLabels: { app } }, rules });
  };
  const spaces = ["a", "b"].map((one) => meshNamespace(one));
  const whole = "two.b.svc.cluster.local";
  const to = (hosts: string, match?: object) =>
    virtualService("b", "route", {
      hosts: [hosts],
      http: [{ ...(match && { match: [match] }), route: [{ destination: { host: whole } }] }],
    });
  const tried = (...objects: readonly KubernetesObject[]) =>
    istioMesh({ objects: [...spaces, ...workloads, asking("a/one", "two.b.svc", "one.a"), ...objects] }).authorities({
      ...{ service: "b/two", host: whole, port: 80 },
    });

  it("are none where nothing that decides over it asks for one", () => {
    expect(tried()).toEqual([]);
    expect(tried(to("two", { uri: { prefix: "/" } }))).toEqual([]);
  });

  /** One for each way to mean it: to those who are told of its name alone, to all who are told of it, to those of its namespace. */
  const own = [whole, "two.b", "two"];

  it("are those that its own policies ask for, one for each way in which patterns overlap, and one that is left over of its own and of other names", () => {
    expect(tried(asking("b/two", "shop.example"))).toEqual([...own, "shop.example", "x"]);
    const overlapping = tried(asking("b/two", "*.example:9", "any.*"));
    expect(overlapping.filter((one) => one.startsWith("any."))).toEqual(["any.example:9", "any.x"]);
    expect(overlapping).toContain("x.example:9");
  });

  it("are the names from which VirtualServices lead to it, delegates with them", () => {
    expect(tried(to("elsewhere.example"))).toEqual(["elsewhere.example"]);
    const root = virtualService("a", "root", { hosts: ["root.example"], http: [{ delegate: { name: "rules" } }] });
    const rules = virtualService("a", "rules", { http: [{ route: [{ destination: { host: whole } }] }] });
    expect(tried(root, rules)).toEqual(["root.example"]);
    // Of a pattern one that nobody else has.
    expect(tried(to("*.example"), virtualService("b", "x", { hosts: ["x.example"], http: [] }))).toEqual(["a.example"]);
  });

  it("are hosts within a pattern from which a VirtualService leads to it, one of each kind", () => {
    const http = [{ route: [{ destination: { host: whole } }] }];
    const all = virtualService("b", "all", { hosts: ["*.svc.cluster.local"], http });
    const closed = virtualService("a", "one", {
      hosts: ["one.a.svc.cluster.local"],
      http: [{ directResponse: { status: 403 } }],
    });
    // The ports are named alike, but for those of two.b.
    expect(tried(all, closed)).toEqual(["x.svc.cluster.local", "one.a.svc.cluster.local", "two.a.svc.cluster.local"]);
  });

  it("are as patterns of policies have them, which pass over upper and lower case", () => {
    expect(tried(asking("b/two", "SHOP.*"))).toContain("shop.x");
  });

  it.each([
    ["authority", { authority: { exact: "admin.internal" } }],
    ["the header host", { headers: { host: { exact: "admin.internal" } } }],
    ["the header :authority, not to be so", { withoutHeaders: { ":authority": { exact: "admin.internal" } } }],
  ])("are those that routes to it ask for by %s", (_, match) => {
    expect(tried(to("two", match))).toContain("admin.internal");
    expect(tried(to("elsewhere.example", match))).not.toContain("admin.internal");
  });
});

it("a guarantee is broken where a route for another Host leads past the one that closes the Service", () => {
  const whole = "two.b.svc.cluster.local";
  const closed = virtualService("b", "two", { hosts: [whole], http: [{ directResponse: { status: 403 } }] });
  const ledBy = (match?: object) =>
    virtualService("b", "open", {
      hosts: ["one.b.svc.cluster.local"],
      http: [
        { ...(match && { match: [match] }), route: [{ destination: { host: whole } }] },
        { route: [{ destination: { host: "one.b.svc.cluster.local" } }] },
      ],
    });
  const hostsOfBroken = (...objects: readonly KubernetesObject[]) => {
    const spaces = ["a", "b"].map((one) => meshNamespace(one));
    const ports = [{ name: "http", port: 80 }];
    const pods = ["one", "two"].flatMap((name) => [pod("b", name), service("b", name, ports)]);
    const mesh = istioMesh({ objects: [strict, ...spaces, pod("a", "caller"), ...pods, closed, ...objects] });
    const never: Guarantee = { name: "closed", kind: "never", from: ["a/caller"], to: "b/two" };
    return checkGuarantees(mesh, [never]).map(({ request }) => request?.host);
  };
  expect(hostsOfBroken()).toEqual([]);
  expect(hostsOfBroken(ledBy())).toEqual(["one.b.svc.cluster.local"]);
  expect(hostsOfBroken(ledBy({ authority: { regex: "one[.]b:9[0-9]" } }))).toEqual(["one.b:90"]);
  expect(hostsOfBroken(ledBy({ headers: { host: { prefix: "ONE.b.s" } } }))).toEqual(["ONE.b.svc.cluster.local"]);
});

describe("callers of one namespace", () => {
  const never = (to: string): Guarantee => ({ name: "nobody", kind: "never", from: ["*"], to });

  it("are each tried where their sidecars are not alike", () => {
    const rules = [{ from: [{ source: { namespaces: ["a"] } }] }];
    const bare = [
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "bare", namespace: "a" } },
      pod("a", "bare", { annotations: { "sidecar.istio.io/inject": "false" } }),
    ];
    const read = authorizationPolicy("b", "read", { rules });
    const mesh = istioMesh({ objects: [strict, meshNamespace("a"), meshNamespace("b"), ...workloads, ...bare, read] });
    // The first of its namespace, which has no sidecar, is not let in.
    expect(mesh.access().callers[0]).toBe("a/bare");
    const [found] = checkGuarantees(mesh, [never("b/one")]);
    expect(found?.request?.from).toBe("a/one");
  });

  it("take a name of one word for a Service of their own", () => {
    const rules = [{ to: [{ operation: { hosts: ["two"], methods: ["GET"] } }] }];
    const closed = ["a", "b"].map((one) => authorizationPolicy(one, "none", {}));
    const mesh = istioMesh({
      objects: [
        ...[strict, meshNamespace("a"), meshNamespace("b"), pod("a", "caller"), pod("b", "caller")],
        ...["a", "b"].flatMap((one) => [pod(one, "two"), service(one, "two", [{ name: "http", port: 80 }])]),
        ...closed,
        authorizationPolicy("b", "read", { selector: { matchLabels: { app: "two" } }, rules }),
      ],
    });
    const [found] = checkGuarantees(mesh, [never("b/two")]);
    expect(found?.request).toMatchObject({ from: "b/caller", host: "two" });
  });
});
