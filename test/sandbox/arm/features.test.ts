import { setTimeout as sleep } from "node:timers/promises";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { stringAt } from "../../../sandbox/arm/json";
import { clusterPath, clusterWith, createCluster, errorOf, startTestEmulator, type TestEmulator } from "./emulator";

let emulator: TestEmulator;
beforeEach(async () => {
  emulator = await startTestEmulator({ scale: 0.3 });
});
afterEach(() => emulator.close());

const features = "/subscriptions/SUB/providers/Microsoft.Features";
const feature = `${features}/providers/Microsoft.ContainerService/features/AKS-OpenServiceMesh`;
const provider = "/subscriptions/SUB/providers/Microsoft.ContainerService";
const state = async (): Promise<string | undefined> =>
  stringAt((await emulator.arm("GET", feature)).body, "properties", "state");
const registration = async (): Promise<string | undefined> =>
  stringAt((await emulator.arm("GET", provider)).body, "registrationState");

async function until(read: () => Promise<string | undefined>, wanted: string): Promise<void> {
  await expect.poll(read).toBe(wanted);
}

describe("features", () => {
  it("go from NotRegistered over Registering to Registered and back, each step taking its time", async () => {
    expect(await state()).toBe("NotRegistered");
    const answer = await emulator.arm("POST", `${feature}/register`);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        name: "Microsoft.ContainerService/AKS-OpenServiceMesh",
        type: "Microsoft.Features/providers/features",
        properties: { state: "Registering" },
      },
    });
    await until(state, "Registered");
    expect(stringAt((await emulator.arm("POST", `${feature}/register`)).body, "properties", "state")).toBe(
      "Registered",
    );
    const leaving = await emulator.arm("POST", `${feature}/unregister`);
    expect(stringAt(leaving.body, "properties", "state")).toBe("Unregistering");
    await until(state, "Unregistered");
  });

  it("are listed, by namespace and all, and unknown ones are 404", async () => {
    const all = await emulator.arm("GET", `${features}/features`);
    expect(all.body["value"]).toContainEqual(expect.objectContaining({ name: "Microsoft.Compute/EncryptionAtHost" }));
    const some = await emulator.arm("GET", `${features}/providers/microsoft.containerservice/features`);
    expect(some.body["value"]).toContainEqual(
      expect.objectContaining({ name: "Microsoft.ContainerService/AKS-OpenServiceMesh" }),
    );
    expect(JSON.stringify(some.body)).not.toContain("EncryptionAtHost");
    expect(errorOf(await emulator.arm("GET", `${feature}x`)).code).toBe("FeatureNotFound");
  });

  it("go on registering over a restart", async () => {
    await emulator.arm("POST", `${feature}/register`);
    await emulator.restart();
    await until(state, "Registered");
  });

  it("flap while the fault is on: the replicas disagree", async () => {
    await emulator.arm("POST", `${feature}/register`);
    await until(state, "Registered");
    await emulator.control("POST", "faults", { name: "feature-flapping" });
    const seen = [await state(), await state(), await state(), await state()];
    expect(new Set(seen)).toEqual(new Set(["Registered", "Registering"]));
    await emulator.control("DELETE", "faults?name=feature-flapping");
    expect(await state()).toBe("Registered");
  });

  it("stay Pending while the fault is on, and arrive when it is off", async () => {
    await emulator.control("POST", "faults", { name: "feature-pending" });
    await emulator.arm("POST", `${feature}/register`);
    await sleep(700);
    expect(await state()).toBe("Pending");
    await emulator.control("DELETE", "faults");
    await until(state, "Registered");
  });
});

describe("resource providers", () => {
  it("register with a delay, and serve meanwhile", async () => {
    expect(await registration()).toBe("Registered");
    const answer = await emulator.arm("POST", `${provider}/register`);
    expect(answer.body["registrationState"]).toBe("Registering");
    await createCluster(emulator);
    await until(registration, "Registered");
    expect((await emulator.arm("GET", "/subscriptions/SUB/providers")).body["value"]).toContainEqual(
      expect.objectContaining({ namespace: "Microsoft.Features", registrationState: "Registered" }),
    );
    expect(errorOf(await emulator.arm("GET", "/subscriptions/SUB/providers/Microsoft.Nothing")).code).toBe(
      "InvalidResourceNamespace",
    );
  });

  it("refuse resources when not registered", async () => {
    await emulator.arm("POST", `${provider}/unregister`);
    await until(registration, "NotRegistered");
    await emulator.arm("PUT", "/subscriptions/SUB/resourceGroups/rg", { location: "westus2" });
    expect(errorOf(await emulator.arm("PUT", clusterPath, clusterWith({})))).toMatchObject({
      code: "MissingSubscriptionRegistration",
    });
  });
});

describe("the Open Service Mesh add-on", () => {
  const meshed = clusterWith({ addonProfiles: { openServiceMesh: { enabled: true, config: {} } } });
  const refused = "OpenServiceMeshAddonFeatureFlagNotEnabled";
  beforeEach(() => emulator.arm("PUT", "/subscriptions/SUB/resourceGroups/rg", { location: "westus2" }));
  const put = async (): Promise<string> => {
    const answer = await emulator.arm("PUT", clusterPath, meshed);
    return answer.status < 300 ? "accepted" : errorOf(answer).code;
  };

  it("needs the flag, and the provider registered again after it", async () => {
    expect(await put()).toBe(refused);
    await emulator.arm("POST", `${provider}/register`);
    await until(registration, "Registered");
    await emulator.arm("POST", `${feature}/register`);
    await until(state, "Registered");
    expect(await put()).toBe(refused);
    await emulator.arm("POST", `${provider}/register`);
    expect(await put()).toBe(refused);
    await until(registration, "Registered");
    expect(await put()).toBe("accepted");
  });

  it("needs nothing where the setting says so", async () => {
    await emulator.control("PUT", "settings", { requireFeature: false });
    expect(await put()).toBe("accepted");
  });
});
