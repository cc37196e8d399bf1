import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fingerprint } from "../../../mesh/analysis/fingerprint";
import { accountCaller, sentTo } from "../../../mesh/analysis/mesh";
import { hasAnswer } from "../../../mesh/analysis/outcome-sets";
import { istioMesh } from "../../../mesh/istio";
import { authorizationPolicy, meshNamespace, pod, service, strict } from "./world";

const namespaces = ["a", "b", "c"] as const;
const accounts = ["one", "two", "three"] as const;

const workloads = namespaces.flatMap((namespace) => [
  meshNamespace(namespace),
  ...accounts.flatMap((name) => [pod(namespace, name), service(namespace, name, [{ name: "http", port: 80 }])]),
]);

const namespace = fc.constantFrom(...namespaces, "nowhere", "*", "a*");
const account = fc.constantFrom(...namespaces.flatMap((one) => accounts.map((name) => `${one}/${name}`)), "two", "x/y");
const principal = fc.constantFrom(
  ...namespaces.flatMap((one) => accounts.map((name) => `cluster.local/ns/${one}/sa/${name}`)),
  ...["*", "*/ns/a/*", "cluster.local/ns/b/*", "*/sa/two", "other.domain/ns/a/sa/one"],
);
const some = (value: fc.Arbitrary<string>) => fc.array(value, { minLength: 1, maxLength: 2 });
const source = fc.record(
  {
    principals: some(principal),
    notPrincipals: some(principal),
    namespaces: some(namespace),
    notNamespaces: some(namespace),
    requestPrincipals: fc.constant(["*"]),
  },
  { requiredKeys: [] },
);
const byAccount = fc.oneof(
  some(account).map((serviceAccounts) => ({ serviceAccounts })),
  some(account).map((notServiceAccounts) => ({ notServiceAccounts })),
);
const when = fc.oneof(
  fc.record({ key: fc.constant("source.namespace"), values: some(namespace) }),
  fc.record({ key: fc.constant("source.principal"), notValues: some(principal) }),
  fc.record({ key: fc.constant("source.serviceAccount"), values: some(account) }),
);
const rule = fc.record(
  {
    from: fc.array(
      fc.oneof({ weight: 3, arbitrary: source }, byAccount).map((one) => ({ source: one })),
      { minLength: 1, maxLength: 2 },
    ),
    when: fc.array(when, { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const policy = fc.record({
  namespace: fc.constantFrom(...namespaces, "aks-istio-system"),
  app: fc.constantFrom(undefined, ...accounts),
  action: fc.constantFrom("ALLOW", "ALLOW", "DENY"),
  rules: fc.array(rule, { maxLength: 3 }),
});

describe("callers that are answered alike", () => {
  it("are those of whom each is answered so alone, whatever policies ask of them", () => {
    fc.assert(
      fc.property(fc.array(policy, { minLength: 1, maxLength: 5 }), (policies) => {
        const mesh = istioMesh({
          objects: [
            strict,
            ...workloads,
            ...policies.map(({ namespace: own, app, action, rules }, index) =>
              authorizationPolicy(own, `policy-${String(index)}`, {
                ...(app !== undefined && own !== "aks-istio-system" && { selector: { matchLabels: { app } } }),
                action,
                rules,
              }),
            ),
          ],
        });
        const { callers, services, entries } = mesh.access();
        for (const to of services) {
          const alone = callers.flatMap((caller) => {
            const tree = mesh.callTree(accountCaller(caller), to, sentTo(to));
            return hasAnswer(tree, "allowed") ? [[caller, fingerprint(tree)] as const] : [];
          });
          const listed = entries
            .filter(({ service: called }) => called === to)
            .flatMap(({ callers: all, tree }) => all.map((caller) => [caller, fingerprint(tree)] as const))
            .filter(([caller]) => caller !== "outside");
          expect(new Map(listed)).toEqual(new Map(alone));
          expect(listed).toHaveLength(alone.length);
        }
      }),
      { seed: 13, numRuns: 300 },
    );
  });

  it("are told apart by an account's name in the policy's own namespace, by ALLOW and by DENY", () => {
    const but = [{ from: [{ source: { notServiceAccounts: ["two"] } }] }];
    const inA = { from: [{ source: { namespaces: ["a"] } }] };
    const only = { from: [{ source: { principals: ["cluster.local/ns/b/sa/one"] } }] };
    const mesh = istioMesh({
      objects: [
        strict,
        ...workloads,
        authorizationPolicy("a", "but", { selector: { matchLabels: { app: "one" } }, rules: but }),
        authorizationPolicy("b", "but", { selector: { matchLabels: { app: "one" } }, rules: but }),
        authorizationPolicy("a", "denied", { selector: { matchLabels: { app: "two" } }, action: "DENY", rules: [inA] }),
        authorizationPolicy("a", "allowed", { selector: { matchLabels: { app: "two" } }, rules: [only] }),
        authorizationPolicy("b", "allowed", { selector: { matchLabels: { app: "two" } }, rules: [inA] }),
        authorizationPolicy("c", "none", {}),
      ],
    });
    const callersOf = (called: string) =>
      mesh
        .access()
        .entries.filter(({ service: { service: name } }) => name === called)
        .flatMap(({ callers }) => callers)
        .sort();
    const { callers } = mesh.access();
    expect(callersOf("a/one")).toEqual(callers.filter((caller) => caller !== "a/two"));
    expect(callersOf("b/one")).toEqual(callers.filter((caller) => caller !== "b/two"));
    expect(callersOf("a/two")).toEqual(["b/one"]);
    expect(callersOf("b/two")).toEqual(["a/one", "a/three", "a/two"]);
    expect(callersOf("c/one")).toEqual([]);
  });
});
