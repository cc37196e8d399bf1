import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../sandbox/providers/kubernetes/client/json";
import { pruneToInputs } from "../../../../sandbox/providers/kubernetes/prune";

const owner = (fieldsV1: JsonObject): JsonObject => ({
  managedFields: [{ manager: "m", operation: "Apply", fieldsV1 }],
});

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

  it("matches the elements of a keyed list by key, whatever their order and company", () => {
    const live: JsonObject = {
      metadata: owner({ "f:spec": { "f:containers": { 'k:{"name":"web"}': { ".": {}, "f:image": {} } } } }),
      spec: { containers: [{ name: "sidecar" }, { name: "web", image: "2", pullPolicy: "Always" }] },
    };
    expect(pruneToInputs(live, { spec: { containers: [{ name: "web", image: "1" }] } })).toEqual({
      spec: { containers: [{ name: "web", image: "2" }] },
    });
  });

  it("fills in the part of a key that the input leaves to the server", () => {
    const live: JsonObject = {
      metadata: owner({ "f:ports": { 'k:{"port":80,"protocol":"TCP"}': { ".": {}, "f:port": {} } } }),
      ports: [{ port: 80, protocol: "TCP", nodePort: 3 }],
    };
    expect(pruneToInputs(live, { ports: [{ port: 80 }] })).toEqual({ ports: [{ port: 80 }] });
  });

  it("shows what somebody added to a list that has no keys", () => {
    const live: JsonObject = { metadata: owner({ "f:sources": {} }), sources: [{ name: "a" }, { name: "intruder" }] };
    expect(pruneToInputs(live, { sources: [{ name: "a" }] })).toEqual({
      sources: [{ name: "a" }, { name: "intruder" }],
    });
  });

  it("keeps the input's words for the same quantity, and for quantities only", () => {
    const live: JsonObject = { limits: { cpu: "500m", memory: "1Gi" }, env: { cpu: "500m" } };
    expect(pruneToInputs(live, { limits: { cpu: 0.5, memory: "1024Mi" }, env: { cpu: "0.5" } })).toEqual({
      limits: { cpu: 0.5, memory: "1024Mi" },
      env: { cpu: "500m" },
    });
  });

  it("reads a Secret's stringData from its data", () => {
    const live: JsonObject = { kind: "Secret", data: { password: Buffer.from("new").toString("base64") } };
    expect(pruneToInputs(live, { stringData: { password: "old" } })).toEqual({ stringData: { password: "new" } });
  });
});
