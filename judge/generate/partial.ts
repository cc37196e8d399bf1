import { type Draw } from "./draw";
import { isSame } from "./names";
import { drawService, type ServiceObject } from "./service";
import { type Workload } from "./workload";

/** What of a cluster is shown. */
export interface Shown {
  readonly workloads: readonly Workload[];
  readonly services: readonly ServiceObject[];
  readonly endpoints: readonly unknown[];
}

/** Only some of the objects: Endpoints of one Service, workloads or Services of one namespace alone, or not all of them. */
export function drawPartial(draw: Draw, { workloads, services }: Omit<Shown, "endpoints">): Shown {
  const all = { workloads, services, endpoints: [] };
  switch (draw.integer(0, 4)) {
    case 0:
      return { ...all, workloads: draw.some(workloads) };
    case 1: {
      const namespace = draw.maybe(workloads)?.metadata.namespace;
      return { ...all, workloads: workloads.filter(({ metadata }) => metadata.namespace !== namespace) };
    }
    case 2: {
      const namespace = draw.maybe(services)?.metadata.namespace;
      return { ...all, services: services.filter(({ metadata }) => metadata.namespace !== namespace) };
    }
    default:
      return { ...all, ...drawEndpoints(draw, workloads, services) };
  }
}

/** Endpoints of one Service only: written by hand or by Kubernetes, for one that selects pods or for one that does not. */
function drawEndpoints(
  draw: Draw,
  workloads: readonly Workload[],
  services: readonly ServiceObject[],
): { readonly services: readonly ServiceObject[]; readonly endpoints: readonly unknown[] } {
  const endpointsOf = ({ metadata, spec }: ServiceObject, addresses: readonly unknown[]): unknown => ({
    apiVersion: "v1",
    kind: "Endpoints",
    metadata,
    subsets: [
      {
        addresses,
        ports: spec.ports.map(({ name, port, targetPort }) => ({
          ...(name !== undefined && { name }),
          port: typeof targetPort === "number" ? targetPort : port,
        })),
      },
    ],
  });
  const outside = { ip: "20.1.2.3" };
  const one = draw.maybe(services);
  if (one === undefined || draw.oneIn(3)) {
    const { metadata, spec } = drawService(draw, "tame", [], false);
    const given = { apiVersion: "v1", kind: "Service", metadata, spec: { ...spec, selector: {} } };
    const others = services.filter((other) => !isSame(other, given));
    return { services: [...others, given], endpoints: [endpointsOf(given, [outside])] };
  }
  const pods = workloads.filter(
    ({ metadata, spec: { replicas, template } }) =>
      metadata.namespace === one.metadata.namespace &&
      replicas !== 0 &&
      Object.entries(one.spec.selector).every(([name, value]) => Reflect.get(template.metadata.labels, name) === value),
  );
  const observed = pods.map(({ metadata: { name } }, index) => ({
    ip: `10.250.0.${String(index + 1)}`,
    targetRef: { kind: "Pod", name: `${name}-0` },
  }));
  return { services, endpoints: [endpointsOf(one, draw.oneIn(2) || observed.length === 0 ? [outside] : observed)] };
}
