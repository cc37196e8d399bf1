import { type Draw } from "./draw";
import { type Mood, namespaces } from "./names";

const monitored = { "openservicemesh.io/monitored-by": "osm" };

/** Namespaces, or none, a MeshConfig, or none, and which namespaces are in the mesh. */
export function drawMesh(draw: Draw, mood: Mood) {
  const objects: unknown[] = [];
  const ofMesh = new Set<string>(namespaces);
  if (mood !== "tame" && draw.oneIn(mood === "wild" ? 2 : 5)) {
    ofMesh.clear();
    for (const name of namespaces) {
      if (draw.oneIn(12)) continue;
      const labels = {
        ...(draw.oneIn(8) ? draw.pick([{}, { "openservicemesh.io/monitored-by": "other" }]) : monitored),
        ...(draw.oneIn(10) && { "openservicemesh.io/ignore": "true" }),
      };
      const injection = draw.oneIn(6) ? draw.pick(["disabled", "off", undefined]) : "enabled";
      const annotations = injection !== undefined && {
        annotations: { "openservicemesh.io/sidecar-injection": injection },
      };
      if ("openservicemesh.io/monitored-by" in labels && labels["openservicemesh.io/monitored-by"] === "osm")
        ofMesh.add(name);
      objects.push({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels, ...annotations } });
    }
  }
  if (mood !== "tame" && draw.oneIn(3)) {
    objects.push({
      apiVersion: "config.openservicemesh.io/v1alpha2",
      kind: "MeshConfig",
      metadata: { name: "osm-mesh-config", namespace: "osm-system" },
      spec: {
        traffic: {
          enablePermissiveTrafficPolicyMode: draw.oneIn(4),
          enableEgress: draw.oneIn(2),
          ...(draw.oneIn(4) && draw.pick<Readonly<Record<string, unknown>>>(exclusions)),
        },
        featureFlags: { enableEgressPolicy: draw.oneIn(2) },
      },
    });
  }
  return { objects, isMonitored: (namespace: string) => ofMesh.has(namespace) };
}

/** What the MeshConfig may leave to bypass the sidecars. */
const exclusions = [
  { outboundPortExclusionList: [80] },
  { inboundPortExclusionList: [8080, 80] },
  { outboundIPRangeExclusionList: ["0.0.0.0/0"] },
  { outboundIPRangeInclusionList: ["192.168.0.0/16"] },
  { networkInterfaceExclusionList: ["eth0"] },
] as const;
