import { type Draw } from "./draw";
import { accounts, type Mood, namespaces, serviceNames } from "./names";

/** What a pod may say about its own sidecar. */
const sidecarAnnotations = [
  { "sidecar-injection": "disabled" },
  { "outbound-port-exclusion-list": "80, 5000" },
  { "inbound-port-exclusion-list": "8080,80" },
  { "outbound-ip-range-exclusion-list": "0.0.0.0/0" },
  { "outbound-ip-range-inclusion-list": "192.168.0.0/16" },
] as const;

function drawAnnotations(draw: Draw, mood: Mood): Readonly<Record<string, string>> | undefined {
  if (mood === "tame" || !draw.oneIn(10)) return undefined;
  const drawn = Object.entries(draw.pick<Readonly<Record<string, string>>>(sidecarAnnotations));
  return Object.fromEntries(drawn.map(([name, value]) => [`openservicemesh.io/${name}`, value]));
}

/** A workload, whose pods may have no sidecar. */
export function drawWorkload(draw: Draw, mood: Mood) {
  const labels = { app: draw.pick(serviceNames), ...(draw.oneIn(3) && { version: draw.pick(["v1", "v2"]) }) };
  const spec = {
    serviceAccountName: draw.pick(accounts),
    containers: [{ name: "app", ports: [{ name: "web", containerPort: 8080 }] }],
    ...(mood !== "tame" && draw.oneIn(15) && { hostNetwork: true }),
  };
  const metadata = { name: `w${String(draw.integer(1, 5))}`, namespace: draw.pick(namespaces) };
  const annotations = drawAnnotations(draw, mood);
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: {
      ...(mood === "wild" && draw.oneIn(6) && { replicas: draw.integer(0, 2) }),
      selector: { matchLabels: labels },
      template: { metadata: { labels, ...(annotations && { annotations }) }, spec },
    },
  };
}

export type Workload = ReturnType<typeof drawWorkload>;

/**
 * The objects of the workloads as they are written, or as they run: a pod that runs without the label of its proxy is older than
 * its namespace's onboarding. With the label it is drawn in namespaces of the mesh alone: what the sidecar of a pod does whose
 * namespace has left the mesh, is left to what it was told before.
 */
export function drawShown(
  draw: Draw,
  mood: Mood,
  workloads: readonly Workload[],
  isMonitored: (namespace: string) => boolean,
): readonly unknown[] {
  return workloads.flatMap((workload, index): readonly unknown[] => {
    const {
      metadata: { name, namespace },
      spec: { replicas, template },
    } = workload;
    if (mood === "tame" || replicas === 0 || !draw.oneIn(8)) return [workload];
    const older = !isMonitored(namespace) || draw.oneIn(2);
    const uid = `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
    const labels = { ...template.metadata.labels, ...(!older && { "osm-proxy-uuid": uid }) };
    return [
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { ...template.metadata, name: `${name}-0`, namespace, uid, labels },
        spec: template.spec,
        status: { phase: "Running", podIP: `10.251.0.${String(index + 1)}` },
      },
    ];
  });
}
