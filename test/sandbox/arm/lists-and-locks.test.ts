import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type JsonObject, objectsAt, stringAt } from "../../../sandbox/arm/json";
import { errorOf, startTestEmulator, type TestEmulator } from "./emulator";

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startTestEmulator();
  for (const name of ["blue", "green"]) await emulator.arm("PUT", group(name), { location: "westeurope" });
  await emulator.arm("PUT", identity("blue", "reader"), { location: "westeurope", tags: { team: "mesh" } });
  await emulator.arm("PUT", identity("blue", "writer"), { location: "westeurope", tags: { team: "o'hare and sons" } });
  await emulator.arm("PUT", identity("green", "reader-two"), { location: "eastus", tags: { stage: "mesh" } });
  await emulator.arm("PUT", network, { location: "eastus", properties: space });
});
afterAll(() => emulator.close());

const group = (name: string): string => `/subscriptions/SUB/resourceGroups/${name}`;
const identity = (owner: string, name: string): string =>
  `${group(owner)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
const network = `${group("green")}/providers/Microsoft.Network/virtualNetworks/net`;
const space: JsonObject = { addressSpace: { addressPrefixes: ["10.0.0.0/16"] } };

describe("a list of resources", () => {
  const found = async (filter: string): Promise<string[]> => {
    const answer = await emulator.arm("GET", `/subscriptions/SUB/resources?$filter=${encodeURIComponent(filter)}`);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return objectsAt(answer.body, "value").map((resource) => stringAt(resource, "name") ?? "");
  };

  it.each([
    ["resourceType eq 'Microsoft.ManagedIdentity/userAssignedIdentities'", ["reader", "writer", "reader-two"]],
    ["resourceType ne 'microsoft.managedidentity/userassignedidentities'", ["net"]],
    ["substringof('READER', name)", ["reader", "reader-two"]],
    ["resourceGroup eq 'Green'", ["reader-two", "net"]],
    ["location eq 'eastus' and resourceType eq 'Microsoft.Network/virtualNetworks'", ["net"]],
    ["tagName eq 'team' and tagValue eq 'mesh'", ["reader"]],
    ["tagValue eq 'o''hare and sons'", ["writer"]],
    ["startswith(tagName, 'st')", ["reader-two"]],
    ["name eq 'nobody'", []],
  ])("%s", async (filter, names) => {
    expect((await found(filter)).sort()).toEqual([...names].sort());
  });

  it.each([
    "name gt 'a'",
    "colour eq 'red'",
    "name eq 'a' or name eq 'b'",
    "name eq 'a' and",
    "name eq a",
    "substringof(name, 'a')",
  ])("is refused by %s", async (filter) => {
    const answer = await emulator.arm("GET", `/subscriptions/SUB/resources?$filter=${encodeURIComponent(filter)}`);
    expect(answer.status).toBe(400);
    expect(errorOf(answer).code).toBe("InvalidFilterInQueryString");
  });

  it("comes in pages of $top, each resource once, with the filter on every page", async () => {
    const filter = encodeURIComponent("location ne 'nowhere'");
    const names: string[] = [];
    let pages = 0;
    for (let next: string | undefined = `/subscriptions/SUB/resources?$filter=${filter}&$top=3`; next !== undefined;) {
      const { body } = await emulator.arm("GET", next);
      names.push(...objectsAt(body, "value").map((resource) => stringAt(resource, "name") ?? ""));
      const link = stringAt(body, "nextLink");
      const address = link === undefined ? undefined : new URL(link);
      if (address !== undefined) expect(address.searchParams.get("$filter")).toBe("location ne 'nowhere'");
      next = address === undefined ? undefined : address.pathname + address.search;
      pages += 1;
    }
    expect(pages).toBe(2);
    expect(names.sort()).toEqual(["net", "reader", "reader-two", "writer"]);
  });

  it.each(["0", "-1", "many", ""])("is refused with $top=%s", async (top) => {
    const answer = await emulator.arm("GET", `/subscriptions/SUB/resources?$top=${top}`);
    expect(errorOf(answer).code).toBe("InvalidQueryParameter");
  });
});

describe("a lock", () => {
  const lock = (scope: string): string => `${scope}/providers/Microsoft.Authorization/locks/keep`;
  const statusOf = async (method: string, path: string, body?: JsonObject): Promise<string | number> => {
    const answer = await emulator.arm(method, path, body);
    return answer.status < 400 ? answer.status : errorOf(answer).code;
  };
  const tags = { location: "westeurope", tags: { team: "mesh" } };

  it("against deletion holds for what is below it and for what contains it, and for no change", async () => {
    await emulator.arm("PUT", lock(identity("blue", "reader")), { properties: { level: "CanNotDelete" } });
    expect(await statusOf("DELETE", identity("BLUE", "Reader"))).toBe("ScopeLocked");
    expect(await statusOf("DELETE", group("blue"))).toBe("ScopeLocked");
    expect(await statusOf("PUT", identity("blue", "reader"), tags)).toBe(200);
    expect(await statusOf("PUT", identity("blue", "spare"), tags)).toBe(201);
    // Its neighbours, and what merely begins like it.
    expect(await statusOf("PUT", identity("blue", "reader2"), tags)).toBe(201);
    expect(await statusOf("DELETE", identity("blue", "reader2"))).toBe(200);
    expect(await statusOf("DELETE", identity("blue", "spare"))).toBe(200);
  });

  it("against every change lets one read, and can itself be taken away", async () => {
    await emulator.arm("PUT", lock(group("green")), { properties: { level: "ReadOnly" } });
    expect(await statusOf("GET", network)).toBe(200);
    expect(await statusOf("PUT", network, { location: "eastus", properties: space })).toBe("ScopeLocked");
    expect(await statusOf("PATCH", network, { tags: {} })).toBe("ScopeLocked");
    expect(await statusOf("DELETE", network)).toBe("ScopeLocked");
    expect(await statusOf("DELETE", lock(group("green")))).toBe(200);
    expect(await statusOf("PATCH", network, { tags: {} })).toBe(200);
  });
});

describe("the entity tag of a resource", () => {
  it("holds for a change and for the deletion, and a new resource has none to match", async () => {
    const etag = async (): Promise<string> => stringAt((await emulator.arm("GET", network)).body, "etag") ?? "";
    const body = { location: "eastus", properties: space };
    const before = await etag();
    expect(before).toMatch(/^W\/"/);
    expect((await emulator.arm("PUT", network, body, { "if-none-match": "*" })).status).toBe(412);
    expect((await emulator.arm("PUT", network, body, { "if-match": before })).status).toBe(200);
    expect(await etag()).not.toBe(before);
    const stale = await emulator.arm("DELETE", network, undefined, { "if-match": before });
    expect(stale.status).toBe(412);
    expect(errorOf(stale).code).toBe("PreconditionFailed");
    expect((await emulator.arm("PUT", `${network}2`, body, { "if-match": "*" })).status).toBe(412);
    expect((await emulator.arm("DELETE", network, undefined, { "if-match": await etag() })).status).toBeLessThan(300);
  });
});
