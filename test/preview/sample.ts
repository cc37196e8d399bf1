import { type KubernetesObject } from "../../mesh/manifests";
import { bookstorePolicies } from "../../mesh/osm/samples";

const names = ["bookbuyer", "bookthief", "bookstore", "bookwarehouse"];

/** The sample as a stack would have it. */
export function sample(prefix = "", bookthief = "denied"): KubernetesObject[] {
  const namespaces = names.map((name) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: `${prefix}${name}`,
      labels: { "openservicemesh.io/monitored-by": "osm" },
      annotations: { "openservicemesh.io/sidecar-injection": "enabled" },
    },
  }));
  const services = [
    ["bookstore", "bookstore"],
    ["bookwarehouse", "bookwarehouse"],
  ].map(([namespace, app]) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: app ?? "", namespace: `${prefix}${namespace}` },
    spec: { selector: { app }, ports: [{ port: 14001, appProtocol: "http" }] },
  }));
  const pods = names.map((app) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: app, namespace: `${prefix}${app}`, labels: { app } },
    spec: { serviceAccountName: app },
  }));
  const policies = bookstorePolicies({ namespacePrefix: prefix, bookthief }).filter(
    ({ kind }) => kind !== "TrafficSplit",
  );
  return [...namespaces, ...services, ...pods, ...policies];
}
