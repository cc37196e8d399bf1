import { expect, test } from "vitest";
import { revisionTagWebhook } from "../../../components/istio-mesh/revision-tag";
import { type KubernetesObject } from "../../../mesh/manifests";
import { istioState } from "../../../mesh/istio/state/cluster";
import { authorizationPolicy, meshNamespace, meshOfObjects, shop, strict } from "./world";

/** The shop in a namespace with this label. */
const shopOf = (revision: string): readonly KubernetesObject[] => [
  meshNamespace("shop", { "istio.io/rev": revision }),
  ...shop.slice(1),
  strict,
];
const tag = (name: string, revision = "asm-1-30"): KubernetesObject => revisionTagWebhook(name, revision);
const rules = (...objects: readonly (KubernetesObject | readonly KubernetesObject[])[]) =>
  meshOfObjects(...objects)
    .findings()
    .map(({ rule }) => rule);

/** Whether a pod gets a sidecar, by the label of its namespace and its own. */
function hasSidecar(injectors: readonly KubernetesObject[], around: string | undefined, own?: string): boolean {
  const namespace = meshNamespace("shop", around === undefined ? {} : { "istio.io/rev": around });
  const labels: Record<string, string> = own === undefined ? {} : { "istio.io/rev": own };
  const pod = { namespace: "shop", labels, annotations: {}, hostNetwork: false, running: false };
  return istioState({ objects: [namespace, ...injectors] }).hasSidecar(pod);
}

test("a tag gives sidecars by its name, and a revision of the add-on does without an object", () => {
  const injectors = [tag("prod")];
  expect(hasSidecar(injectors, "prod")).toBe(true);
  expect(hasSidecar(injectors, undefined, "prod")).toBe(true);
  expect(hasSidecar(injectors, "asm-1-29")).toBe(true);
  expect(hasSidecar(injectors, undefined)).toBe(false);
});

test("by a name that is no tag nobody gives one, whatever the pod itself says", () => {
  expect(hasSidecar([tag("prod")], "prd")).toBe(false);
  expect(hasSidecar([tag("prod")], "prd", "prod")).toBe(false);
  expect(hasSidecar([tag("prod")], undefined, "prd")).toBe(false);
});

test("where no object shows a tag, any name is believed", () => {
  expect(hasSidecar([], "prod")).toBe(true);
  const other = { ...tag("prod"), apiVersion: "example.com/v1" };
  expect(hasSidecar([other], "prd")).toBe(true);
});

test("a namespace that names no tag is an error, with the tags there are", () => {
  const [finding] = meshOfObjects(shopOf("prd"), tag("prod")).findings();
  expect(finding).toMatchObject({
    ...{ severity: "error", rule: "revision-label", object: "Namespace shop" },
    message: "Nobody gives sidecars by istio.io/rev: prd: pods of the namespace get none.",
    remedy: "Write a revision of the add-on, such as asm-1-30, or a tag that there is: prod.",
  });
  expect(rules(shopOf("prod"), tag("prod"))).not.toContain("revision-label");
});

test("what an older revision reads otherwise is said of namespaces that name it by a tag", () => {
  const dotted = authorizationPolicy("shop", "server", {
    selector: { matchLabels: { app: "server" } },
    rules: [{ from: [{ source: { namespaces: ["a.b"] } }], to: [{ operation: { ports: ["8080"] } }] }],
  });
  const older = rules(shopOf("prod"), tag("prod", "asm-1-29"), dotted);
  const newer = rules(shopOf("prod"), tag("prod", "asm-1-30"), dotted);
  expect(older).toEqual(rules(shopOf("asm-1-29"), dotted));
  expect(newer).toEqual(rules(shopOf("asm-1-30"), dotted));
  expect(older).not.toEqual(newer);
});
