import { istioKinds, type VirtualService } from "../istio/kinds";
import { isJsonObject, type JsonObject, type KubernetesObject } from "../manifests";
import { listAt, valueAt } from "../manifests/inside";
import { osmKinds, type TrafficSplit } from "../osm/kinds";

/** A Service and the Deployment behind it whose calls Flagger moves. */
export interface CanaryTarget {
  readonly service: KubernetesObject;
  readonly deployment: KubernetesObject;
  /** The label by which Flagger tells the Deployment's pods, and its value. */
  readonly label: string;
  readonly value: string;
}

/** What becomes of a Service once Flagger has taken it over. */
export interface MadeByFlagger {
  /** The Service itself, which leads to the pods that Flagger keeps for it. */
  readonly service: KubernetesObject;
  /** What there is besides: both versions' Services, and the Deployment of the one that has proved itself. */
  readonly others: readonly KubernetesObject[];
  /** How calls are split in Open Service Mesh, before a new version comes. */
  readonly split: TrafficSplit;
  /** The same in Istio. */
  readonly route: VirtualService;
}

/** Names of the Services of a Service's two versions. */
export function versionsOf(service: string): { readonly primary: string; readonly canary: string } {
  return { primary: `${service}-primary`, canary: `${service}-canary` };
}

/**
 * The objects that Flagger 1.36 makes of a Service and its Deployment (pkg/router/kubernetes_default.go, smi_v1alpha2.go and istio.go,
 * pkg/canary/deployment_controller.go). Both versions run under the Deployment's own service account.
 */
export function madeByFlagger({ service, deployment, label, value }: CanaryTarget): MadeByFlagger {
  const { name, namespace = "" } = service.metadata;
  const { primary, canary } = versionsOf(name);
  const primaryLabel = { [label]: `${value}-primary` };
  const [declared] = listAt(service, "spec", "ports");
  const ports = isJsonObject(declared) ? [portOf(declared)] : [];
  const leadingTo = (own: string, selector: JsonObject): KubernetesObject =>
    Object.assign(
      { apiVersion: "v1", kind: "Service", metadata: { name: own, namespace, labels: { [label]: own } } },
      { spec: { type: "ClusterIP", selector, ports } },
    );
  const template = objectAt(deployment, "spec", "template");
  const metadata = objectAt(template, "metadata");
  const labels = { ...objectAt(metadata, "labels"), ...primaryLabel };
  return {
    service: withSpec(service, { selector: primaryLabel, ports }),
    others: [
      leadingTo(primary, primaryLabel),
      leadingTo(canary, { [label]: value }),
      withSpec(
        {
          ...deployment,
          metadata: { name: versionsOf(deployment.metadata.name).primary, namespace, labels: primaryLabel },
        },
        {
          selector: { matchLabels: primaryLabel },
          template: { ...template, metadata: { ...metadata, labels } },
        },
      ),
    ],
    split: {
      apiVersion: osmKinds.TrafficSplit.apiVersion,
      kind: "TrafficSplit",
      metadata: { name, namespace },
      spec: {
        service: name,
        backends: [
          { service: canary, weight: 0 },
          { service: primary, weight: 100 },
        ],
      },
    },
    route: {
      apiVersion: istioKinds.VirtualService.apiVersion,
      kind: "VirtualService",
      metadata: { name, namespace },
      spec: {
        hosts: [name],
        gateways: ["mesh"],
        http: [
          {
            route: [
              { destination: { host: primary }, weight: 100 },
              { destination: { host: canary }, weight: 0 },
            ],
          },
        ],
      },
    },
  };
}

/** A port as Flagger writes it, of a Service's only one: named, and with what it leads to. */
function portOf(port: JsonObject): JsonObject {
  const { name = "http", protocol = "TCP", targetPort = port["port"] } = port;
  return { ...port, name, protocol, targetPort };
}

function withSpec(object: KubernetesObject, changes: JsonObject): KubernetesObject {
  return Object.assign({}, object, { spec: { ...objectAt(object, "spec"), ...changes } });
}

function objectAt(value: unknown, ...path: readonly string[]): JsonObject {
  const found = valueAt(value, ...path);
  return isJsonObject(found) ? found : {};
}
