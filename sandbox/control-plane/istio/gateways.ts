import { type PlacedObject } from "../placed-object";
import { type IngressMode } from "../types";

const namespace = "aks-istio-ingress";

/** Ports of a gateway's Service, and of its pods. */
const ports = [
  { name: "status-port", port: 15021, targetPort: 15021 },
  { name: "http2", port: 80, targetPort: 80 },
  { name: "https", port: 443, targetPort: 443 },
];

/** What makes Azure give a Service an address of the cluster's network. */
const internal = { "service.beta.kubernetes.io/azure-load-balancer-internal": "true" };

/**
 * An ingress gateway of the add-on for one revision, the namespace first. Its Service is the same for all revisions: it leads to the
 * pods of each.
 */
export function ingressGateway(mode: IngressMode, revision: string): PlacedObject[] {
  const gateway = `aks-istio-ingressgateway-${mode.toLowerCase()}`;
  const name = `${gateway}-${revision}`;
  const selector = { app: gateway, istio: gateway };
  const labels = { ...selector, "istio.io/rev": revision };
  return [
    {
      path: `/api/v1/namespaces/${namespace}`,
      object: { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    },
    {
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`,
      object: { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace, labels } },
    },
    {
      path: `/api/v1/namespaces/${namespace}/services/${gateway}`,
      object: {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: gateway, namespace, labels: selector, annotations: mode === "Internal" ? internal : {} },
        spec: { type: "LoadBalancer", selector, ports },
      },
    },
    {
      path: `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
      object: {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name, namespace, labels },
        spec: {
          replicas: 2,
          selector: { matchLabels: labels },
          template: {
            // The injector makes the whole container of it.
            metadata: {
              labels: { ...labels, "sidecar.istio.io/inject": "true" },
              annotations: { "inject.istio.io/templates": "gateway" },
            },
            spec: { serviceAccountName: name, containers: [{ name: "istio-proxy", image: "auto" }] },
          },
        },
      },
    },
  ];
}
