import { type EngineEvent } from "@pulumi/pulumi/automation";
import { expect, it } from "vitest";
import { refusal } from "../../components/mesh-policies/refusal";
import { engineLog } from "../../preview/plan";
import { hidden } from "../../preview/published-state";

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
  const urn = "urn:pulumi:dev::aks-mesh::aks-mesh:index:Bookstore$kubernetes:core/v1:Service::b";
  listen({ diagnosticEvent: { severity: "error", message: "so did b", urn } } as EngineEvent);
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
  expect(errors).toEqual([
    { message: "it broke" },
    { message: "so did b", resource: { type: "kubernetes:core/v1:Service", name: "b" } },
  ]);
});

it("takes what was a secret for unchanged, where the published state does not have it", () => {
  const { listen, log } = engineLog();
  const old = {
    type: "",
    custom: true,
    inputs: { data: { password: hidden }, kubeconfig: `kind: Config\n# ${hidden}\n`, n: 1 },
  };
  const now = { type: "", custom: true, inputs: { data: { password: "[secret]" }, kubeconfig: "[secret]", n: 1 } };
  listen(step("delete-replaced", "replaced", { old, new: null }));
  listen(step("replace", "replaced", { old, new: now, diffs: ["data"], detailedDiff: { "data.password": {} } }));
  listen(
    step("create-replacement", "replaced", { old, new: now, diffs: ["data"], detailedDiff: { "data.password": {} } }),
  );
  listen(step("update", "untold", { old, new: now }));
  listen(step("update", "more", { old, new: { ...now, inputs: { ...now.inputs, n: 2 } } }));
  const { changes, unchanged } = log().plan;
  expect(unchanged).toBe(2);
  expect(changes.map(({ op, name, properties }) => [op, name, properties])).toEqual([["update", "more", ["n"]]]);
});

it.each([
  ["nothing speaks against it", [], true],
  ["its policies are refused", ["Guarantee a: broken", "Guarantee b: broken", refusal(2)], true],
  ["a resource is refused besides", ["Guarantee a: broken", "spec.ports is required", refusal(1)], false],
  ["it throws", ["no luck"], false],
  ["it throws after its policies are refused", ["Guarantee a: broken", refusal(1), "no luck"], false],
])("has all resources of a program where %s: %j", (_, messages, whole) => {
  const { listen, log } = engineLog();
  for (const message of messages) listen({ diagnosticEvent: { severity: "error", message } } as EngineEvent);
  expect(log().whole).toBe(whole);
});
