import { type Draw } from "../generate/draw";
import { type Mood } from "../generate/names";
import { accounts, namespaces, rootNamespace, serviceNames } from "./names";

/** A workload, whose pods may have no sidecar. */
export function drawWorkload(draw: Draw, mood: Mood) {
  const labels = {
    app: draw.pick(serviceNames),
    ...(draw.oneIn(2) && { version: draw.pick(["v1", "v2"]) }),
    ...(mood !== "tame" && draw.oneIn(10) && { "sidecar.istio.io/inject": draw.pick(["false", "true"]) }),
    ...(mood === "wild" && draw.oneIn(10) && { "security.istio.io/tlsMode": "disabled" }),
  };
  const containerPorts = [
    { name: "web", containerPort: 8080 },
    ...(draw.oneIn(4) ? [{ name: "own", containerPort: 7000 }] : []),
  ];
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: `w${String(draw.integer(1, 5))}`, namespace: draw.pick(namespaces) },
    spec: {
      ...(mood === "wild" && draw.oneIn(8) && { replicas: draw.integer(0, 2) }),
      selector: { matchLabels: { app: labels.app } },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: draw.pick(accounts),
          containers: [{ name: "app", ports: containerPorts }],
          ...(mood === "wild" && draw.oneIn(20) && { hostNetwork: true }),
        },
      },
    },
  };
}

export type Workload = ReturnType<typeof drawWorkload>;

/** The namespaces, most of them in the mesh. */
export function drawNamespaces(draw: Draw, mood: Mood) {
  const drawnNamespaces = namespaces.map((name) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name,
      labels:
        mood !== "tame" && draw.oneIn(8)
          ? draw.pick<Readonly<Record<string, string>>>([{}, { "istio-injection": "disabled" }])
          : draw.pick<Readonly<Record<string, string>>>([
              { "istio-injection": "enabled" },
              { "istio.io/rev": "asm-1-31" },
            ]),
    },
  }));
  return [{ apiVersion: "v1", kind: "Namespace", metadata: { name: rootNamespace } }, ...drawnNamespaces];
}
