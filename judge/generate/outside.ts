import { type Draw } from "./draw";
import { accounts, namespaces, routeNames, serviceNames, unique } from "./names";
import { type drawRouteGroup } from "./routes";
import { type ServiceObject } from "./service";
import { type Workload } from "./workload";

/** Addresses outside of the cluster, with and without objects that tell them apart. */
export const outsideAddresses = ["192.0.2.5", "203.0.113.9"] as const;

/** Callers outside of the mesh. */
export const outsiders = ["outside", "outside:10.20.30.40", "outside:192.168.5.5", "outside:203.0.113.77"] as const;

/** Names in client certificates, the first of which objects name. */
export const principals = ["gateway.ingress.cluster.local", "another.edge.example"] as const;

/** IngressBackends of different ports: which of two of one port counts is not defined, and `check` calls it an error. */
export function drawIngresses(draw: Draw, services: readonly ServiceObject[]) {
  const byPort = draw
    .list(1, 2, () => drawIngress(draw, services))
    .map((one) => {
      const ports = one.spec.backends.map(({ name, port: { number } }) => `${name}:${String(number)}`);
      return [[one.metadata.namespace, ...ports].join("/"), one] as const;
    });
  return unique([...new Map(byPort).values()]);
}

/** An IngressBackend, mostly of a Service that is there. */
function drawIngress(draw: Draw, services: readonly ServiceObject[]) {
  const protocol = draw.pick(["http", "http", "https"]);
  const service = draw.oneIn(4) ? undefined : draw.maybe(services);
  const target = draw.maybe(service?.spec.ports ?? []);
  const number = typeof target?.targetPort === "number" ? target.targetPort : draw.pick([8080, 8081, 80]);
  return {
    apiVersion: "policy.openservicemesh.io/v1alpha1",
    kind: "IngressBackend",
    metadata: { name: draw.pick(["i", "j"]), namespace: service?.metadata.namespace ?? draw.pick(namespaces) },
    spec: {
      backends: [
        {
          name: service?.metadata.name ?? draw.pick(serviceNames),
          port: { number, protocol },
          ...(protocol === "https" && {
            tls: { skipClientCertValidation: draw.oneIn(2), ...(draw.oneIn(4) && { sniHosts: ["shop.example"] }) },
          }),
        },
      ],
      sources: draw.list(1, 2, () =>
        draw.pick<{ readonly kind: string; readonly name: string; readonly namespace?: string }>([
          { kind: "Service", name: draw.pick(serviceNames), namespace: draw.pick(namespaces) },
          { kind: "IPRange", name: draw.pick(["10.0.0.0/8", "0.0.0.0/0", "192.168.0.0/16"]) },
          { kind: "IPRange", name: draw.pick(["10.20.0.0/16", "192.168.5.5/32", "203.0.113.0/24"]) },
          { kind: "AuthenticatedPrincipal", name: principals[0] },
        ]),
      ),
    },
  };
}

/** An Egress, mostly for an account that runs pods, to hosts or to addresses. */
export function drawEgress(
  draw: Draw,
  groups: readonly ReturnType<typeof drawRouteGroup>[],
  workloads: readonly Workload[],
) {
  const workload = draw.oneIn(4) ? undefined : draw.maybe(workloads);
  const source =
    workload === undefined
      ? { name: draw.pick(accounts), namespace: draw.pick(namespaces) }
      : { name: workload.spec.template.spec.serviceAccountName, namespace: workload.metadata.namespace };

  const group = draw.oneIn(3) ? draw.maybe(groups)?.metadata : undefined;
  const { name, namespace } = group ?? { name: draw.pick(routeNames), namespace: draw.pick(namespaces) };
  return {
    apiVersion: "policy.openservicemesh.io/v1alpha1",
    kind: "Egress",
    metadata: { name: draw.pick(["e", "f"]), namespace },
    spec: {
      sources: [{ kind: "ServiceAccount", ...source }],
      hosts: draw.some(["example.com", "s.a", "s.a.svc.cluster.local"]),
      ...(draw.oneIn(3) && { ipAddresses: draw.some(["192.0.2.0/24", "203.0.113.9/32"]) }),
      ports: draw.list(1, 2, () => ({
        number: draw.pick([80, 81, 5000]),
        protocol: draw.pick(["http", "http", "tcp", "https"]),
      })),
      ...((group !== undefined || draw.oneIn(6)) && {
        matches: [{ apiGroup: "specs.smi-spec.io/v1alpha4", kind: "HTTPRouteGroup", name }],
      }),
    },
  };
}

/** Limits, which no single call meets. */
export function drawSetting(draw: Draw) {
  const namespace = draw.pick(namespaces);
  return {
    apiVersion: "policy.openservicemesh.io/v1alpha1",
    kind: "UpstreamTrafficSetting",
    metadata: { name: "g", namespace },
    spec: {
      host: draw.pick([
        `${draw.pick(serviceNames)}.${namespace}.svc.cluster.local`,
        `${draw.pick(serviceNames)}.${namespace}`,
      ]),
      connectionSettings: { tcp: { maxConnections: 100 } },
      rateLimit: { local: { http: { requests: 1000, unit: "second" } } },
    },
  };
}
