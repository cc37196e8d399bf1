import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Secret } from "../../../../sandbox/providers/protocol";
import { context, identityOf, providerFor, startFakeArm, type FakeArm } from "./fake-arm";
import { recordedVersion, recordings } from "./recorded";

let arm: FakeArm;
beforeEach(async () => {
  arm = await startFakeArm();
});
afterEach(() => arm.close());

describe.each(recordings)("$type as recorded", (recording) => {
  const identity = identityOf(recording.type, recording.name);

  test("Check fills in what was filled in", async () => {
    const provider = await providerFor(arm, { version: recordedVersion });
    const { inputs, failures } = await provider.check(
      { ...identity, oldInputs: {}, newInputs: recording.news, randomSeed: new Uint8Array() },
      context(),
    );
    expect(failures).toEqual([]);
    // Eight digits after the logical name are chance; all else is not.
    const chosen = Object.keys(recording.checked).filter((key) => !(key in recording.news) && !key.startsWith("__"));
    for (const key of chosen.filter((name) => name !== "location")) {
      expect(inputs[key]).toMatch(new RegExp(`^${recording.name}[0-9a-f]{8}$`));
    }
    expect({ ...inputs, ...Object.fromEntries(chosen.map((key) => [key, recording.checked[key]])) }).toEqual(
      recording.checked,
    );
  });

  test("Create asks first, sends the body and keeps the outputs", async () => {
    arm.answer(`GET ${recording.path}`, { status: 404 }, { status: 200, body: recording.responseBody });
    arm.answer(`PUT ${recording.path}`, { status: 201, body: recording.responseBody });
    const provider = await providerFor(arm, { version: recordedVersion });
    const { id, outputs } = await provider.create(
      { ...identity, inputs: recording.checked, preview: false },
      context(),
    );
    expect(id).toBe(recording.id);
    expect(arm.requests.find(({ method }) => method === "PUT")?.body).toEqual(recording.requestBody);
    expect(outputs).toEqual({
      ...recording.outputs,
      azureApiVersion: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      __inputs: new Secret(recording.checked),
    });
  });

  test("version 3 keeps no inputs among the outputs", async () => {
    arm.answer(`GET ${recording.path}`, { status: 404 }, { status: 200, body: recording.responseBody });
    arm.answer(`PUT ${recording.path}`, { status: 201, body: recording.responseBody });
    const provider = await providerFor(arm);
    const { outputs } = await provider.create({ ...identity, inputs: recording.checked, preview: false }, context());
    expect(outputs).not.toHaveProperty("__inputs");
  });

  test("nothing drifted: a refresh changes neither inputs nor outputs", async () => {
    arm.answer(`GET ${recording.id}`, { status: 200, body: recording.responseBody });
    const provider = await providerFor(arm);
    const outputs = { ...recording.outputs, azureApiVersion: "2023-04-01" };
    const read = await provider.read(
      { ...identity, id: recording.id, oldInputs: recording.checked, oldOutputs: outputs },
      context(),
    );
    expect(read).toMatchObject({ id: recording.id, inputs: recording.checked, outputs: recording.outputs });
    expect(read?.inputs).toEqual(recording.checked);
  });
});
