import { type JudgeCase } from "..";
import { type Draw } from "../generate/draw";
import { drawGatewayWorkloads, edge } from "./gateway";
import { headerConditions, headerNames, namespaces, pathConditions } from "./names";
import { drawHttp } from "./request";
import { type ServiceObject } from "./service";
import { drawDestinationRule, drawHttpRoutes, drawMeshConfig } from "./traffic";

const [home] = namespaces;

/** Two Services behind rules that do more than to lead on, and policies that ask for what such rules change: of sidecars, or of a gateway. */
export function drawActingCase(draw: Draw, requests: number, atGateway: boolean): JudgeCase {
  const services = (["s", "t"] as const).map(service);
  const way = atGateway ? drawEntrance(draw) : { objects: [], from: `${home}/x`, to: `s.${home}.svc.cluster.local:80` };
  const { objects, from, to, host } = { host: undefined, ...way };
  return {
    objects: [
      ...[home, edge].map((name) => ({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name, labels: { "istio-injection": "enabled" } },
      })),
      ...["s", "t", "x"].map(workload),
      ...services,
      ...objects,
      ...["s", "t"].map((name) => drawPolicy(draw, name)),
      {
        apiVersion: "networking.istio.io/v1",
        kind: "VirtualService",
        metadata: { name: "v", namespace: home },
        spec: {
          ...(host === undefined ? { hosts: ["s"] } : { hosts: [host], gateways: ["g"] }),
          http: drawHttpRoutes(draw, "tame", { namespace: home, root: { name: "s", namespace: home }, services }, true),
        },
      },
      ...(draw.oneIn(3) ? [drawDestinationRule(draw, services)] : []),
      ...(draw.oneIn(2) ? [drawMeshConfig(draw)] : []),
    ],
    requests: draw.list(requests, requests, () => drawHttp(draw, from, to, host, false)),
  };
}

function workload(name: string): object {
  const labels = { app: name, version: "v1" };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: home },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels },
        spec: { serviceAccountName: name, containers: [{ name: "app", ports: [{ containerPort: 8080 }] }] },
      },
    },
  };
}

function service(name: ServiceObject["metadata"]["name"]): ServiceObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: home },
    spec: { selector: { app: name }, ports: [{ name: "http", port: 80, targetPort: 8080 }] },
  };
}

/** What lets callers from outside in. */
function drawEntrance(draw: Draw) {
  const [{ name, namespace, objects } = { name: "ingress", namespace: home, objects: [] }] = drawGatewayWorkloads(
    draw,
    "tame",
  );
  return {
    objects: [
      ...objects,
      {
        apiVersion: "networking.istio.io/v1",
        kind: "Gateway",
        metadata: { name: "g", namespace: home },
        spec: {
          selector: { istio: name },
          servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["s.example"] }],
        },
      },
    ],
    from: draw.pick(["outside:198.18.0.1", `${home}/x`]),
    to: `${name}.${namespace}.svc.cluster.local:80`,
    host: "s.example",
  };
}

/** What a workload's requests have to be like. */
function drawPolicy(draw: Draw, name: string): object {
  const paths = draw.list(1, 2, () => draw.pick(pathConditions));
  const hosts = draw.list(1, 2, () =>
    draw.pick(["s.a", "t.*", "*.svc.cluster.local", "s.example", "*.example", "s.a.svc.cluster.local:80"]),
  );
  const key = `request.headers[${draw.pick(headerNames)}]`;
  const values = [draw.pick(headerConditions)];
  const rule = draw.pick<object>([
    { to: [{ operation: draw.oneIn(4) ? { notPaths: paths } : { paths } }] },
    { to: [{ operation: draw.oneIn(4) ? { notPaths: paths } : { paths } }] },
    { to: [{ operation: { hosts } }] },
    { when: [draw.oneIn(4) ? { key, notValues: values } : { key, values }] },
    { when: [draw.oneIn(4) ? { key, notValues: values } : { key, values }] },
  ]);
  return {
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name, namespace: home },
    spec: { selector: { matchLabels: { app: name } }, action: draw.pick(["ALLOW", "ALLOW", "DENY"]), rules: [rule] },
  };
}
