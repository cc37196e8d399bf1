import { describe, expect, test } from "vitest";
import { type CallRequest, decide, diff } from "../../../mesh";
import { type KubernetesObject } from "../../../mesh/manifests";
import { meshOfObjects, service, shop } from "./world";

function entry(
  name: string,
  host: string,
  port: string,
  rest: Readonly<Record<string, unknown>> = {},
): KubernetesObject {
  const [protocol = "", number = ""] = port.split(" ");
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name, namespace: "shop" },
    ...{
      spec: {
        hosts: [host],
        ports: [{ number: Number(number), name: `${protocol.toLowerCase()}-${number}`, protocol }],
        location: "MESH_EXTERNAL",
        resolution: "NONE",
        ...rest,
      },
    },
  };
}

const closed: KubernetesObject = {
  apiVersion: "networking.istio.io/v1",
  kind: "Sidecar",
  metadata: { name: "default", namespace: "shop" },
  ...{ spec: { egress: [{ hosts: ["./*"] }], outboundTrafficPolicy: { mode: "REGISTRY_ONLY" } } },
};

function answer(objects: readonly KubernetesObject[], request: Partial<CallRequest>): string {
  const mesh = meshOfObjects(shop, closed, ...objects);
  const { outcome, status, backends } = decide(mesh, { from: "shop/client", to: "", protocol: "tcp", ...request });
  return [outcome, ...(status === null || status === undefined ? [] : [status]), ...Object.keys(backends ?? {})].join(
    " ",
  );
}

describe("a TLS port of a ServiceEntry without an address takes its server name alone", () => {
  const objects = [entry("pay", "pay.example.com", "TLS 443"), entry("any", "*.shop.example", "TLS 443")];
  test.each([
    ["pay.example.com:443", "pay.example.com", /^allowed/],
    ["a.shop.example:443", "a.shop.example", /^allowed/],
    ["other.example.com:443", "other.example.com", /^refused/],
    // Whatever name led there: what the sidecar sees is that of the handshake.
    ["pay.example.com:443", "other.example.com", /^refused/],
    ["pay.example.com:443", undefined, /^refused/],
  ] as const)("%s with %s", (to, serverName, expected) => {
    expect(answer(objects, { to, ...(serverName !== undefined && { serverName }) })).toMatch(expected);
  });
});

describe("a TCP port of a ServiceEntry", () => {
  const ranges = [
    entry("wide", "wide.example", "TCP 5432", { addresses: ["20.0.0.0/8"] }),
    entry("one", "one.example", "TCP 5432", { addresses: ["20.1.2.3"] }),
  ];
  test.each([
    ["20.1.0.1:5432", "allowed 20.1.0.1:5432"],
    ["20.1.2.3:5432", "allowed 20.1.2.3:5432"],
    ["21.0.0.1:5432", "refused"],
    ["20.1.0.1:5433", "refused"],
  ])("takes its addresses: %s is %s", (to, expected) => {
    expect(answer(ranges, { to })).toBe(expected);
  });

  const any = [entry("any", "any.example", "TCP 80")];
  const http = [...any, service("shop", "web", [{ name: "http", port: 80 }])];
  test("without an address takes all of its port", () => {
    expect(answer(any, { to: "20.1.0.1:80" })).toMatch(/^allowed/);
  });
  test("beside HTTP takes what is no HTTP, and requests go by their host", () => {
    expect(answer(http, { to: "20.1.0.1:80" })).toMatch(/^allowed/);
    expect(answer(http, { to: "20.1.0.1:80", protocol: "http", path: "/" })).toBe("unavailable 502");
  });
});

describe("patterns for names", () => {
  const wild = (rest: Readonly<Record<string, unknown>> = {}) => entry("wild", "*.example.org", "TLS 443", rest);
  const named = (objects: readonly KubernetesObject[]) =>
    meshOfObjects(shop, closed, ...objects)
      .access()
      .entries.map(({ service: { host, port } }) => `${host}:${String(port)}`);

  test("a name within the pattern stands for all of them in the relation", () => {
    expect(named([wild()])).toContain("any.example.org:443");
    expect(named([entry("wild", "*.example.org", "HTTP 80")])).toContain("any.example.org:80");
    expect(named([entry("wild", "*.example.org", "TCP 5432")])).toContain("any.example.org:5432");
    expect(named([wild({ exportTo: ["~"] })])).not.toContain("any.example.org:443");
  });

  test("what a pattern opens is a change", () => {
    const changes = diff(meshOfObjects(shop, closed), meshOfObjects(shop, closed, wild()));
    expect(changes.map(({ kind, from, to }) => `${kind} ${from} ${to}`)).toEqual(
      ["client", "other", "server"].map((who) => `opens shop/${who} any.example.org:443`),
    );
    expect(changes[0]?.request).toMatchObject({ serverName: "any.example.org" });
  });
});

describe("connections that tell no name", () => {
  const rules = (...objects: readonly KubernetesObject[]) =>
    meshOfObjects(shop, ...objects)
      .findings()
      .flatMap(({ rule, object }) => (/^port-o/.test(rule) ? [`${rule} ${String(object)}`] : []));

  test("a port that everything goes out by is a finding where nothing unknown is let out", () => {
    const open = entry("data", "data.example", "TCP 5432");
    expect(rules(closed, open)).toEqual(["port-open-to-any ServiceEntry shop/data"]);
    expect(rules(open)).toEqual([]);
    expect(rules(closed, entry("data", "data.example", "TCP 5432", { addresses: ["203.0.113.7"] }))).toEqual([]);
    expect(rules(closed, entry("data", "data.example", "TLS 5432"))).toEqual([]);
    expect(rules(closed, entry("data", "data.example", "TCP 5432", { resolution: "DNS" }))).toEqual([]);
  });

  test("two hosts on one port are a finding, and the second one's connections go to the first", () => {
    const dns = { resolution: "DNS" };
    const one = entry("a", "a.example", "TCP 5432", dns);
    const two = entry("b", "b.example", "TCP 5432", dns);
    expect(rules(closed, one, two)).toEqual(["port-of-another-host ServiceEntry shop/b"]);
    expect(answer([one, two], { to: "b.example:5432" })).toBe("allowed a.example:5432");
    expect(rules(closed, one, entry("b", "b.example", "TCP 5433", dns))).toEqual([]);
    expect(rules(closed, one, entry("b", "b.example", "TCP 5432", { ...dns, addresses: ["203.0.113.7"] }))).toEqual([]);
    const apart = [entry("a", "a.example", "TCP 5432", { ...dns, exportTo: ["a"] })];
    expect(rules(closed, ...apart, entry("b", "b.example", "TCP 5432", { ...dns, exportTo: ["b"] }))).toEqual([]);
    expect(rules(closed, ...apart, two)).toEqual(["port-of-another-host ServiceEntry shop/b"]);
  });
});

test("the reason names what a connection to an unknown host lacks", () => {
  const objects = [entry("pay", "pay.example", "TLS 443")];
  const why = (to: string, rest: Partial<CallRequest> = {}) =>
    decide(meshOfObjects(shop, closed, ...objects), { from: "shop/client", to, protocol: "tcp", ...rest })
      .because.map(({ text }) => text)
      .join("; ");
  expect(why("other.example:8443", { serverName: "other.example" })).toContain("has port 8443");
  expect(why("other.example:443", { serverName: "other.example" })).toContain('has the server name "other.example"');
  expect(why("other.example:443", { serverName: "" })).toContain("by TLS without a server name");
  expect(why("other.example:443")).toContain("at this address without TLS");
});
