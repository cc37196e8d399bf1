import { type KubernetesObject } from "../../mesh/manifests";

/** A namespace with a workload and a Service for each of some of the sample's names, whose pods join a revision of Istio, or what a tag stands for. */
export function bookstoreOn(revision: string, names: readonly string[]): KubernetesObject[] {
  return names.flatMap((name) => [
    { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: { "istio.io/rev": revision } } },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: name } },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: name },
      spec: { selector: { app: name }, ports: [{ name: "http", port: 14001 }] },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, namespace: name },
      spec: {
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: { serviceAccountName: name, containers: [{ name, image: `openservicemesh/${name}:v1.2.4` }] },
        },
      },
    },
  ]);
}
