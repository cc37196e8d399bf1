import { expect, test } from "vitest";
import { type Mesh } from "../../mesh/analysis/mesh";
import { istioMesh } from "../../mesh/istio";
import { type KubernetesObject } from "../../mesh/manifests";
import { osmMesh } from "../../mesh/osm";

type Metadata = Readonly<Record<"labels" | "annotations", Readonly<Record<string, string>>>>;

/** A workload with metadata of its own, and of its pods. */
function workload(kind: string, own: Partial<Metadata>, ofPods: Partial<Metadata> = {}): KubernetesObject {
  const template = { metadata: ofPods, spec: { containers: [{ name: "app" }] } };
  const spec = kind === "CronJob" ? { jobTemplate: { spec: { template } } } : { template };
  return { apiVersion: "apps/v1", kind, metadata: { name: "cart", namespace: "shop", ...own }, ...{ spec } };
}

const messages = (mesh: Mesh): readonly string[] =>
  mesh
    .findings()
    .flatMap(({ rule, message, remedy }) => (rule === "misplaced-metadata" ? [`${message} ${remedy}`] : []));

const off = { "sidecar.istio.io/inject": "false" };

test.each([
  [
    workload("Deployment", { labels: off }),
    ["labels of Deployment shop/cart itself", "spec.template.metadata.labels."],
  ],
  [
    workload("CronJob", { annotations: { "traffic.sidecar.istio.io/excludeOutboundPorts": "5432" } }),
    ["annotations of CronJob shop/cart itself", "spec.jobTemplate.spec.template.metadata.annotations."],
  ],
])("what Istio's injector reads of pods is told where a workload has it for itself: %j", (object, parts) => {
  const found = messages(istioMesh({ objects: [object] }));
  expect(found).toHaveLength(1);
  for (const part of parts) expect(found[0]).toContain(part);
});

test.each([
  ["the pods have it too", workload("Deployment", { labels: off }, { labels: off })],
  ["it is the pods' alone", workload("Deployment", {}, { labels: off })],
  ["it tells workloads apart", workload("Deployment", { labels: { "istio.io/rev": "asm-1-30" } })],
  ["it is a pod", { ...workload("Deployment", { labels: off }), kind: "Pod" }],
])("nothing is told where %s", (_, object) => {
  expect(messages(istioMesh({ objects: [object] }))).toEqual([]);
});

test("what OSM's injector reads of pods is told as well, and Istio's is not", () => {
  const annotations = { "openservicemesh.io/sidecar-injection": "disabled", ...off };
  expect(messages(osmMesh({ objects: [workload("Deployment", { annotations })] }))).toEqual([
    expect.stringContaining("openservicemesh.io/sidecar-injection is among the annotations"),
  ]);
});
