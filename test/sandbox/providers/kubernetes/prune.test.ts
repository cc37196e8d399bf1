import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../sandbox/providers/kubernetes/client/json";
import { pruneLive, pruneToInputs } from "../../../../sandbox/providers/kubernetes/prune";

describe("what inputs speak of in a live object", () => {
  it("leaves out defaults and the fields of others", () => {
    const live: JsonObject = {
      spec: { a: 1, default: true },
      status: {},
      metadata: { name: "x", labels: { mine: "1", theirs: "2" } },
    };
    expect(pruneToInputs(live, { spec: { a: 0 }, metadata: { labels: { mine: "" } } })).toEqual({
      spec: { a: 1 },
      metadata: { labels: { mine: "1" } },
    });
  });

  it("matches the elements of a list by their place, as the real provider does, whatever their names", () => {
    const live: JsonObject = { containers: [{ name: "sidecar" }, { name: "web", image: "2", pullPolicy: "Always" }] };
    expect(pruneToInputs(live, { containers: [{ name: "web", image: "1" }] })).toEqual({
      containers: [{ name: "sidecar" }],
    });
  });

  it("does not see what somebody appended to a list", () => {
    const live: JsonObject = { sources: [{ name: "a" }, { name: "intruder" }] };
    expect(pruneToInputs(live, { sources: [{ name: "a" }] })).toEqual({ sources: [{ name: "a" }] });
  });

  it("keeps what says nothing where the server kept nothing, of a live object only", () => {
    const inputs = { env: [{ name: "A", value: "" }], hostNetwork: false, labels: {}, replicas: 1 };
    const live: JsonObject = { env: [{ name: "A" }] };
    expect(pruneToInputs(live, inputs)).toEqual({ env: [{ name: "A" }] });
    expect(pruneLive(live, inputs)).toEqual({ env: [{ name: "A", value: "" }], hostNetwork: false, labels: {} });
  });
});
