import { describe, expect, test } from "vitest";
import { type CallRequest, decide } from "../../../mesh";
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
