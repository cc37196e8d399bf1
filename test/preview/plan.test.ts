import { type EngineEvent } from "@pulumi/pulumi/automation";
import { expect, it } from "vitest";
import { engineLog } from "../../preview/plan";

/** An event as the engine writes it: null where its types say that nothing is there. */
function step(op: string, name: string, detail: Record<string, unknown> = {}): EngineEvent {
  const type = "kubernetes:core/v1:Service";
  const state = { type, custom: true, inputs: { kind: "Service" } };
  const metadata = { op, type, urn: `urn:pulumi:dev::aks-mesh::${type}::${name}`, old: null, new: state, ...detail };
  return { resourcePreEvent: { metadata } } as unknown as EngineEvent;
}

it("turns the engine's events into a plan, what is there afterwards, and errors", () => {
  const { listen, log } = engineLog();
  listen(step("same", "a"));
  listen(step("create", "b"));
  listen(step("update", "c", { diffs: ["spec"], detailedDiff: { "spec.ports": {} } }));
  listen(step("update", "d", { diffs: ["metadata"], detailedDiff: { 'metadata.annotations["aks-mesh/commit"]': {} } }));
  listen(step("create-replacement", "e", { diffs: ["spec"] }));
  listen(step("replace", "e", { diffs: ["spec"] }));
  listen(step("delete-replaced", "e", { new: null }));
  listen(step("delete", "f", { new: null, old: { custom: true } }));
  listen(step("create", "g", { type: "aks-mesh:index:Bookstore", new: { custom: false, inputs: {} } }));
  listen({ diagnosticEvent: { severity: "error", message: "<{%reset%}>it broke<{%reset%}>\n" } } as EngineEvent);
  listen({ diagnosticEvent: { severity: "warning", message: "so what" } } as EngineEvent);
  const { plan, resources, errors } = log();
  expect(plan.unchanged).toBe(1);
  expect(plan.changes.map(({ op, name, properties, noise }) => [op, name, properties, noise])).toEqual([
    ["create", "b", undefined, false],
    ["update", "c", ["spec.ports"], false],
    ["update", "d", ['metadata.annotations["aks-mesh/commit"]'], true],
    ["replace", "e", ["spec"], false],
    ["delete", "f", undefined, false],
    ["create", "g", undefined, true],
  ]);
  expect(resources.map(({ urn }) => urn.split("::").at(-1))).toEqual(["a", "b", "c", "d", "e", "g"]);
  expect(errors).toEqual(["it broke"]);
});
