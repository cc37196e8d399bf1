import fc from "fast-check";
import { describe, expect, it } from "vitest";
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
const route = fc.record({
  from: fc.constantFrom(...full, "other.example", "*.b"),
  to: fc.constantFrom(...full),
  authority: fc.constantFrom(undefined, undefined, undefined, "one.a:80"),
});
const sidecar = fc.record({
  namespace: fc.constantFrom("a", "b"),
  hosts: fc.constantFrom("./*", "a/*", "*/one.a.svc.cluster.local"),
  mode: fc.constantFrom("ALLOW_ANY", "REGISTRY_ONLY"),
});
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
            ...routes.map(({ from, to, authority }, index) =>
              virtualService("a", `route-${String(index)}`, {
                hosts: [isWhole(from)],
                http: [
                  {
                    ...(authority !== undefined && { match: [{ authority: { exact: authority } }] }),
                    route: [{ destination: { host: isWhole(to) } }],
                  },
                ],
              }),
            ),
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
        const all = [...new Set(written.map((one) => one.replace("*", "any")))];
        const exhaustive = { ...mesh, authorities: () => all, likeness: () => (caller: string) => caller };
        const guarantees = names.flatMap((to): readonly Guarantee[] => [
          { name: `nobody calls ${to}`, kind: "never", from: ["*"], to },
          { name: `nobody writes to ${to}`, kind: "never", from: ["*"], to, requests: { methods: ["POST"] } },
          { name: `everybody reads ${to}`, kind: "always", from: ["*"], to, requests: { methods: ["GET"] } },
          ...names.map((from): Guarantee => ({ name: `${from} never calls ${to}`, kind: "never", from: [from], to })),
        ]);
        const found = checkGuarantees(mesh, guarantees).map(({ message, rule: kind }) => `${kind}: ${message}`);
        expect(found).toEqual(
          checkGuarantees(exhaustive, guarantees).map(({ message, rule: kind }) => `${kind}: ${message}`),
        );
        tried += guarantees.length;
        broken += found.length;
      },
    ),
    { seed: 7, numRuns: 150 },
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
  /** Those of the others that may mean it to some caller. */
  const meant = ["pod-0.two.b", "two.b.svc", "two:81"];
  const others = ["two:81", "pod-0.two.b", "two.b.svc", "one.a", "elsewhere.example", "any.example:9"];
  const tried = (...objects: readonly KubernetesObject[]) =>
    istioMesh({ objects: [...spaces, ...workloads, asking("a/one", ...others), ...objects] }).authorities({
      service: "b/two",
    });

  it("are those that may mean it, and those that its own policies ask for, patterns with all that others name of them", () => {
    expect(tried()).toEqual(meant);
    expect(tried(asking("b/two", "*.example:9", "shop.example"))).toEqual([...meant, "any.example:9", "shop.example"]);
    expect(tried(asking("b/two", "a*"))).toEqual([...meant, "aany", "any.example:9"]);
  });

  it("are all where any name may lead to it, or routes ask for the Host header themselves", () => {
    const to = (hosts: string, match?: object) =>
      virtualService("b", "route", {
        hosts: [hosts],
        http: [{ ...(match && { match: [match] }), route: [{ destination: { host: "two.b.svc.cluster.local" } }] }],
      });
    expect(tried(to("elsewhere.example"))).toEqual([...meant, "elsewhere.example"]);
    expect(tried(to("*.example"))).toEqual(others);
    expect(tried(to("two", { authority: { exact: "one.a" } }))).toEqual(others);
  });
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
