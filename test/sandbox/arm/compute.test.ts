import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type JsonObject, objectsAt, stringAt } from "../../../sandbox/arm/json";
import { createCluster, errorOf, startTestEmulator, type TestEmulator } from "./emulator";

const compute = "/subscriptions/SUB/providers/Microsoft.Compute";

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(() => emulator.close());

describe("sizes of virtual machines", () => {
  const sizes = async (filter: string): Promise<JsonObject[]> =>
    objectsAt((await emulator.arm("GET", `${compute}/skus?$filter=${encodeURIComponent(filter)}`)).body, "value");

  it("are those of one region where it is asked for, with what they are and where they are", async () => {
    const here = await sizes("location eq 'West Europe'");
    expect(here.map((size) => size["locations"])).toEqual(here.map(() => ["westeurope"]));
    expect(here.find((size) => size["name"] === "Standard_D4ds_v5")).toMatchObject({
      resourceType: "virtualMachines",
      family: "standardDDSv5Family",
      locationInfo: [{ location: "westeurope", zones: ["1", "2", "3"] }],
      capabilities: expect.arrayContaining([
        { name: "vCPUs", value: "4" },
        { name: "MemoryGB", value: "16" },
      ]) as unknown,
      restrictions: [],
    });
    expect((await sizes("location eq 'ukwest'"))[0]?.["locationInfo"]).toMatchObject([{ zones: [] }]);
    expect(await sizes("location eq 'atlantis'")).toEqual([]);
  });

  it("take no other filter", async () => {
    const answer = await emulator.arm("GET", `${compute}/skus?$filter=${encodeURIComponent("family eq 'x'")}`);
    expect(errorOf(answer).code).toBe("InvalidFilter");
  });
});

describe("usages", () => {
  const used = async (location: string, name: string): Promise<unknown> => {
    const { body } = await emulator.arm("GET", `${compute}/locations/${location}/usages`);
    return objectsAt(body, "value").find((row) => stringAt(row, "name", "value") === name)?.["currentValue"];
  };

  it("count the vCPUs of the node pools of a region", async () => {
    expect(await used("westus2", "cores")).toBe(0);
    await createCluster(emulator);
    const after = await used("westus2", "cores");
    expect(after).toBeGreaterThan(0);
    expect(await used("eastus", "cores")).toBe(0);
  });

  it("are refused for a region that does not exist", async () => {
    expect((await emulator.arm("GET", `${compute}/locations/atlantis/usages`)).status).toBe(400);
  });
});
