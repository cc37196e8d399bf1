import { type PlacedObject } from "../placed-object";
import { type EgressGateway, type IngressMode } from "../types";

const ingressNamespace = "aks-istio-ingress";

/** Ports of a gateway's Service, and of its pods. */
const ports = [
  { name: "status-port", port: 15021, targetPort: 15021 },
  { name: "http2", port: 80, targetPort: 80 },
  { name: "https", port: 443, targetPort: 443 },
];

/** What makes Azure give a Service an address of the cluster's network. */
const internal = { "service.beta.kubernetes.io/azure-load-balancer-internal": "true" };

/** A gateway of the add-on for one revision. */
interface Gateway {
  readonly namespace: string;
  /** Name of its Service, and of its selector. */
  readonly name: string;
  readonly revision: string;
  readonly service: { readonly type: string; readonly annotations: Readonly<Record<string, string>> };
  /** On all of its objects. */
  readonly labels: Readonly<Record<string, string>>;
  readonly podAnnotations: Readonly<Record<string, string>>;
}

/** An ingress gateway of the add-on for one revision. */
export function ingressGateway(mode: IngressMode, revision: string): PlacedObject[] {
  return gateway({
    namespace: ingressNamespace,
    name: `aks-istio-ingressgateway-${mode.toLowerCase()}`,
    revision,
    service: { type: "LoadBalancer", annotations: mode === "Internal" ? internal : {} },
    labels: {},
    podAnnotations: {},
  });
}

/**
 * An egress gateway of the add-on for one revision, as "Deploy egress gateways for Istio service mesh add-on" and its troubleshooting show it:
 * Service, label `istio` and Deployment bear its name, the Deployment with the revision behind it.
 */
export function egressGateway({ name, namespace, configuration }: EgressGateway, revision: string): PlacedObject[] {
  return gateway({
    ...{ namespace, name, revision },
    service: { type: "ClusterIP", annotations: {} },
    labels: { "azureservicemesh/istio.component": "egress-gateway" },
    podAnnotations: { "kubernetes.azure.com/static-gateway-configuration": configuration },
  });
}

/** A gateway's objects, the namespace first. Its Service is the same for all revisions: it leads to the pods of each. */
function gateway({ namespace, name, revision, service, labels: own, podAnnotations }: Gateway): PlacedObject[] {
  const deployment = `${name}-${revision}`;
  const selector = { app: name, istio: name };
  const labels = { ...selector, "istio.io/rev": revision };
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const metadata = { name: deployment, namespace, labels: { ...labels, ...own } };
  return [
    {
      path: `/api/v1/namespaces/${namespace}`,
      object: { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    },
    {
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${deployment}`,
      object: {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata,
      },
    },
    // istiod gives a gateway certificates out of Secrets that the gateway's account may read itself (manifests/charts/gateway, role.yaml).
    {
      path: `${rbac}/roles/${deployment}`,
      object: {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "Role",
        metadata,
        rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["get", "watch", "list"] }],
      },
    },
    {
      path: `${rbac}/rolebindings/${deployment}`,
      object: {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "RoleBinding",
        metadata,
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: deployment },
        subjects: [{ kind: "ServiceAccount", name: deployment }],
      },
    },
    {
      path: `/api/v1/namespaces/${namespace}/services/${name}`,
      object: {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name, namespace, labels: { ...selector, ...own }, annotations: service.annotations },
        spec: { type: service.type, selector, ports },
      },
    },
    {
      path: `/apis/apps/v1/namespaces/${namespace}/deployments/${deployment}`,
      object: {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata,
        spec: {
          replicas: 2,
          selector: { matchLabels: labels },
          template: {
            // The injector makes the whole container of it.
            metadata: {
              labels: { ...labels, ...own, "sidecar.istio.io/inject": "true" },
              annotations: { "inject.istio.io/templates": "gateway", ...podAnnotations },
            },
            spec: { serviceAccountName: deployment, containers: [{ name: "istio-proxy", image: "auto" }] },
          },
        },
      },
    },
  ];
}
