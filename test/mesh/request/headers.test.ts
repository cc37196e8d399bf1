import { describe, expect, it } from "vitest";
import { bytewise, httpRequest, meets as requestMeets, type Reading, readingsOf } from "../../../mesh/request/match";
import { everyRequest, exampleRequest, requestsMeeting, subtractSets } from "../../../mesh/request/request-set";

const condition = (name: string, pattern: string) => ({
  methods: ["*"],
  path: ".*",
  headers: new Map([[name, pattern]]),
});
const meets = (
  name: string,
  pattern: string,
  headers: Readonly<Record<string, string>>,
  reading: Reading = bytewise,
): boolean =>
  requestMeets(
    httpRequest({ from: "shop/web", to: "store.shop:80", protocol: "http", headers }, reading),
    condition(name, pattern),
  );

describe("values of headers", () => {
  it("have no blanks around them", () => {
    expect(meets("version", "v1", { version: " \tv1 " })).toBe(true);
    expect(meets("version", "v1", { version: "v 1" })).toBe(false);
  });

  it("are characters to older Envoys", () => {
    const meetsIn = (pattern: string, name: string) =>
      meets("name", pattern, { name }, { repeated: "joined", encoding: "utf8" });
    expect(meetsIn(".", "é")).toBe(true);
    expect(meetsIn("..", "é")).toBe(false);
    expect(meetsIn("[^/]{2}", "日本")).toBe(true);
    expect(meetsIn("é*x?", "éé")).toBe(true);
    expect(meetsIn("(?i)k", "\u212a")).toBe(true);
    expect(meetsIn("\\W", "é")).toBe(true);
    expect(meetsIn("caf[a-z]", "café")).toBe(false);
  });

  it("are bytes", () => {
    expect(meets("name", ".", { name: "é" })).toBe(false);
    expect(meets("name", "..", { name: "é" })).toBe(true);
    expect(meets("name", "[é]{2}", { name: "é" })).toBe(true);
    expect(meets("name", "é", { name: "é" })).toBe(true);
    expect(meets("name", "\\xff", { name: "\udcff" })).toBe(true);
  });

  it("that are no ASCII are among the requests that a proof is about", () => {
    const rest = subtractSets(
      requestsMeeting(condition("name", ".*"), "s"),
      requestsMeeting(condition("name", "[ -~]*"), "s"),
    );
    const name = exampleRequest(rest)?.headers["name"] ?? "";
    expect(meets("name", ".*", { name })).toBe(true);
    expect(meets("name", "[ -~]*", { name })).toBe(false);
  });
});

it("some headers are one value, with commas, to all Envoys", () => {
  const twice = (name: string) =>
    readingsOf({ from: "shop/web", to: "store.shop:80", protocol: "http", headers: { [name]: ["a", "b"] } });
  expect(twice("x-any")).toHaveLength(2);
  expect(twice("User-Agent")).toHaveLength(1);
  const request = {
    from: "shop/web",
    to: "s.shop:80",
    protocol: "http",
    headers: { "user-agent": ["a", "b"] },
  } as const;
  expect(requestMeets(httpRequest(request, bytewise), condition("user-agent", "a,b"))).toBe(true);
});

describe("the header x-request-id", () => {
  it("is there without the caller", () => {
    expect(meets("X-Request-Id", ".*", {})).toBe(true);
    expect(meets("x-request-id", "[0-9a-f-]{36}", {})).toBe(true);
    expect(meets("x-request-id", "mine", {})).toBe(false);
    expect(meets("x-request-id", "mine", { "X-Request-ID": "mine" })).toBe(true);
    expect(meets("x-request-id", ".+", { "x-request-id": "" })).toBe(true);
    expect(meets("x-other", ".*", {})).toBe(false);
  });

  it("is missing in no request that a proof is about", () => {
    const without = (name: string) => subtractSets(everyRequest(), requestsMeeting(condition(name, ".*"), "s"));
    expect(exampleRequest(without("x-request-id"))).toBeUndefined();
    expect(exampleRequest(without("x-other"))).toMatchObject({ headers: {} });
  });
});
