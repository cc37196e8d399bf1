import { describe, expect, it } from "vitest";
import { readRequest } from "../../cli/decide";

const call = { from: "shop/cart", to: "items.shop:80" };
const read = (fields: Readonly<Record<string, unknown>>) => readRequest(JSON.stringify({ ...call, ...fields }));

describe("a line of requests", () => {
  it("is read with its defaults", () => {
    expect(read({})).toEqual({ ...call, protocol: "http", headers: {} });
    expect(read({ method: null, headers: null })).toEqual({ ...call, protocol: "http", headers: {} });
    expect(read({ method: "PUT", path: "/x", host: "h", headers: { a: "1", b: ["2", "3"] } })).toEqual({
      ...call,
      protocol: "http",
      method: "PUT",
      path: "/x",
      host: "h",
      headers: { a: "1", b: ["2", "3"] },
    });
  });

  it("may name the server of the caller's own TLS, which is TCP to the mesh", () => {
    expect(read({ protocol: "tcp", "server-name": "db.example" })).toEqual({
      ...call,
      protocol: "tcp",
      serverName: "db.example",
      headers: {},
    });
  });

  it("may name the certificate that the caller shows in TLS of its own", () => {
    expect(read({ "server-name": "", principal: "gateway.edge.cluster.local" })).toEqual({
      ...call,
      from: `${call.from} as gateway.edge.cluster.local`,
      protocol: "http",
      serverName: "",
      headers: {},
    });
  });

  it.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
    ["no caller", { from: undefined }, /"from" is missing/],
    ["no address", { to: 80 }, /"to" is missing/],
    ["another protocol", { protocol: "udp" }, /"protocol" must be "http" or "tcp"/],
    ["a method that is no text", { method: 1 }, /"method" must be a string/],
    ["headers that are none", { headers: ["a"] }, /"headers" must be an object/],
    ["a header that is no text", { headers: { a: 1 } }, /Header "a" must be a string/],
    ["a header with a value that is no text", { headers: { a: ["1", 2] } }, /Header "a" must be a string/],
    ["a server name that is no text", { protocol: "tcp", "server-name": 1 }, /"server-name" must be a string/],
    ["a certificate's name that is no text", { principal: ["a"] }, /"principal" must be a string/],
  ])("says what is wrong: %s", (_, fields, message) => {
    expect(read(fields)).toEqual({ error: expect.stringMatching(message) as string });
  });
});
