import { type KubernetesObject, parseManifests } from "../../mesh/manifests";
import { policyInNamespaces } from "../../components/application/namespaces";
import { anyRevision, convertManifests, migrated } from "../../mesh/convert";
import { compileOsm } from "../../mesh/osm/compile";
import { bookstorePolicy } from "../../stacks/bookstore/policy";

const names = ["bookbuyer", "bookthief", "bookstore", "bookwarehouse"];

/** The same on Istio, as `aks-mesh convert` makes it, for the add-on's revision. */
export function istioSample(prefix = ""): KubernetesObject[] {
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items: sample(prefix, "denied", true) });
  const manifests = parseManifests([{ name: "sample.json", text }]);
  const converted = convertManifests(manifests);
  return [...migrated(manifests.objects, converted.mesh, converted, anyRevision)];
}

/** The sample as a stack would have it. */
export function sample(
  prefix = "",
  bookthief: "denied" | "allowed" = "denied",
  plainRoutes = false,
): KubernetesObject[] {
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
  const renaming = { prefix, namespaces: new Set(names), services: new Set<string>() };
  const policies = compileOsm(policyInNamespaces(renaming, bookstorePolicy({ bookthief, plainRoutes }))).filter(
    ({ kind }) => kind !== "TrafficSplit" && kind !== "MeshConfig",
  );
  return [...namespaces, ...services, ...pods, ...policies];
}
