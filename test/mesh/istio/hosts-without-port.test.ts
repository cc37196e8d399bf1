import { describe, expect, test } from "vitest";
import { decide } from "../../../mesh";
import { authorizationPolicy, meshOfObjects, type Objects, service, shop, strict, virtualService } from "./world";

/** Findings about Host headers as `rule severity place: message remedy`. */
const found = (...objects: Objects): readonly string[] =>
  meshOfObjects(shop, strict, ...objects)
    .findings()
    .filter(({ rule }) => rule.startsWith("host-"))
    .map(({ rule, severity, property, message, remedy }) => `${rule} ${severity} ${property}: ${message} ${remedy}`);

/** A Service of the server's pods at another port than 80. */
const store = (name = "http") => service("shop", "store", [{ name, port: 14001, targetPort: 8080 }], { app: "server" });

const policy = (rule: object, action = "ALLOW", namespace = "shop") =>
  authorizationPolicy(namespace, "server", { action, rules: [rule] });

const to = (host: string, ports?: readonly string[]) => ({
  to: [{ operation: { hosts: [host], ...(ports && { ports }) } }],
});

describe("a Service's name without its port", () => {
  test.for(["store", "store.shop", "STORE.shop.svc", "store.shop.svc.cluster.local", "*tore.shop.svc"])(
    "is in no call's Host header: %s",
    (host) => {
      for (const action of ["ALLOW", "DENY"]) {
        expect(found(store(), policy(to(host), action))).toEqual([
          expect.stringMatching(
            /^host-without-port error spec\.rules\[0\]\.to\[0\]\.operation\.hosts\[0\]: Calls to store\.shop\.svc/,
          ),
        ]);
      }
    },
  );

  test("is said with what they have, and what to write", () => {
    expect(found(store(), policy(to("store.shop")))[0]).toContain(
      'in their Host header, "store.shop:14001", which is never "store.shop". Write "store.shop:*" for all ports, or "store.shop:14001".',
    );
    expect(found(store(), policy(to("*tore.shop")))[0]).toContain('Write "*tore.shop:14001".');
  });

  test("is found in every place of a rule", () => {
    const excepted = { to: [{ operation: { notHosts: ["other.example", "store.shop"] } }] };
    expect(found(store(), policy(excepted))[0]).toContain("operation.notHosts[1]");
    const when = { when: [{ key: "request.headers[Host]", values: ["store.shop"], notValues: ["store"] }] };
    expect(found(store(), policy(when)).map((text) => text.split(": ")[0])).toEqual([
      "host-without-port error spec.rules[0].when[0].values[0]",
      "host-without-port error spec.rules[0].when[0].notValues[0]",
    ]);
  });

  test("counts for policies of the whole mesh, and not for those of other namespaces", () => {
    expect(found(store(), policy(to("store.shop"), "DENY", "aks-istio-system"))).toHaveLength(1);
    expect(found(store(), policy(to("store.shop"), "DENY", "elsewhere"))).toEqual([]);
  });

  test.for([
    ["with the port", "store.shop:14001"],
    ["with any port", "store.shop:*"],
    ["with any end", "store.shop*"],
    ["of port 80", "server.shop"],
    ["that ends like some of port 80", "*.shop"],
    ["that no Service has", "shop.example"],
    ["that anything is", "*"],
  ] as const)("is no name %s", ([, host]) => {
    expect(found(store(), policy(to(host)))).toEqual([]);
  });

  test("is right beside the same with the port, in the same list", () => {
    const both = (...hosts: readonly string[]) => ({ to: [{ operation: { hosts } }] });
    expect(found(store(), policy(both("store.shop", "store.shop:14001")))).toEqual([]);
    expect(found(store(), policy(both("store.shop", "store.shop.svc.cluster.local:*")))).toEqual([]);
    expect(found(store(), policy(both("store.shop", "server.shop")))).toHaveLength(1);
    const apart = { to: [{ operation: { hosts: ["store.shop"] } }, { operation: { hosts: ["store.shop:14001"] } }] };
    expect(found(store(), policy(apart))).toHaveLength(1);
  });

  test("is right where a route writes it, and where the port is not HTTP", () => {
    const route = { route: [{ destination: { host: "store" } }], rewrite: { authority: "store.shop" } };
    const rewriting = virtualService("shop", "v", { hosts: ["store"], http: [route] });
    expect(found(store(), rewriting, policy(to("store.shop")))).toEqual([]);
    expect(found(store(), rewriting, policy(to("store")))).toHaveLength(1);
    expect(found(store("tcp-data"), policy(to("store.shop")))).toEqual([]);
  });

  test("is not looked for at gateways", () => {
    const targetRefs = [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "edge" }];
    const atGateway = authorizationPolicy("shop", "edge", { targetRefs, rules: [to("store.shop")] });
    expect(found(store(), atGateway)).toEqual([]);
  });

  test("is looked for at the ports alone that the rule is for", () => {
    const both = service(
      "shop",
      "store",
      [
        { name: "http", port: 80, targetPort: 8080 },
        { name: "http-admin", port: 8081, targetPort: 9090 },
      ],
      { app: "server" },
    );
    expect(found(both, policy(to("store.shop")))).toEqual([]);
    expect(found(both, policy(to("store.shop", ["8080"])))).toEqual([]);
    expect(found(both, policy(to("store.shop", ["9090"])))[0]).toContain('"store.shop:8081"');
  });

  test("is what explain names for a call that is denied", () => {
    const mesh = meshOfObjects(shop, strict, store(), policy(to("store.shop")));
    const request = { method: "GET", path: "/", headers: {} };
    const call = { from: "shop/client", to: "store.shop:14001", protocol: "http", ...request } as const;
    const { outcome, because } = decide(mesh, call);
    expect(outcome).toBe("denied");
    expect(because.map(({ text }) => text)).toContain(
      "its rule 1 is for the Host store.shop, not for store.shop:14001",
    );
    const met = meshOfObjects(shop, strict, store(), policy(to("store.shop:*")));
    expect(decide(met, call).outcome).toBe("allowed");
  });
});
