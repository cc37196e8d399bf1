import type * as fc from "fast-check";
import { type JudgeCase } from "..";
import { drawn, type Draw } from "./draw";
import { drawMesh } from "./mesh";
import { type Mood, namespaces, unique } from "./names";
import { drawEgress, drawIngresses, drawSetting } from "./outside";
import { drawPartial } from "./partial";
import { drawSplit, drawTarget } from "./policy";
import { drawRequest } from "./request";
import { type DrawnPatterns, drawRouteGroup, drawTcpRoute } from "./routes";
import { type AliasObject, describeService, drawAlias, type DrawnService, drawService } from "./service";
import { drawShown, drawWorkload } from "./workload";

/** Who is let to whom, by a TrafficTarget or by chance. */
export interface DrawnCall {
  readonly from: string;
  readonly service: DrawnService;
}

/** What requests are drawn from. */
export interface World {
  readonly services: readonly DrawnService[];
  /** Calls that TrafficTargets are about. */
  readonly calls: readonly DrawnCall[];
  readonly patterns: DrawnPatterns;
  /** Services that callers outside are let to. */
  readonly opened: readonly DrawnService[];
  readonly egresses: readonly ReturnType<typeof drawEgress>[];
  readonly aliases: readonly AliasObject[];
}

/**
 * A policy with workloads, Services and requests to them; mostly well-formed.
 * @param convertible leaves out what makes the conversion to Istio claim nothing of the whole: traffic with the outside, settings, objects
 * shown in part; and says the protocol of every port. Default: false.
 */
export function arbitraryCase(requests: number, convertible = false): fc.Arbitrary<JudgeCase> {
  return drawn((draw) => drawCase(draw, requests, convertible));
}

function drawCase(draw: Draw, requests: number, convertible: boolean): JudgeCase {
  const mood = draw.pick<Mood>(convertible ? ["tame"] : ["tame", "mixed", "mixed", "wild"]);
  const focused = draw.oneIn(2);
  const patterns: DrawnPatterns = { paths: [], headers: [] };
  const workloads = unique(draw.list(1, focused ? 2 : 5, () => drawWorkload(draw, mood)));
  // Most Services and TrafficTargets are about the same workloads, so that requests get somewhere.
  const destinations = focused ? workloads.slice(0, 1) : workloads;
  const selected = draw.oneIn(5) ? workloads : destinations;
  const services = unique(draw.list(1, focused ? 2 : 4, () => drawService(draw, mood, selected, convertible)));
  const homes = focused ? workloads.map(({ metadata }) => metadata.namespace) : namespaces;
  const groups = unique(draw.list(1, 3, () => drawRouteGroup(draw, mood, homes, patterns)));
  const tcpRoutes = unique(draw.list(0, 2, () => drawTcpRoute(draw)));
  const targets = unique(
    draw.list(focused ? 2 : 1, 5, () => drawTarget(draw, mood, destinations, workloads, [...groups, ...tcpRoutes])),
  );
  const shown =
    !convertible && draw.oneIn(4) ? drawPartial(draw, { workloads, services }) : { workloads, services, endpoints: [] };
  const ingresses = !convertible && draw.oneIn(5) ? drawIngresses(draw, services) : [];
  const egresses =
    !convertible && draw.oneIn(6) ? unique(draw.list(1, 2, () => drawEgress(draw, groups, workloads))) : [];
  const aliases = !convertible && draw.oneIn(10) ? [drawAlias(draw)] : [];
  const { objects: mesh, isMonitored } = drawMesh(draw, mood);
  const objects: unknown[] = [
    ...mesh,
    // Endpoints that Kubernetes wrote name pods by their workloads.
    ...(shown.endpoints.length > 0 ? shown.workloads : drawShown(draw, mood, shown.workloads, isMonitored)),
    ...shown.services,
    ...aliases,
    ...shown.endpoints,
    ...groups,
    ...tcpRoutes,
    ...targets,
    ...(draw.oneIn(2) ? [] : unique(draw.list(1, 2, () => drawSplit(draw, mood, services)))),
    ...ingresses,
    ...egresses,
    ...(!convertible && draw.oneIn(12) ? [drawSetting(draw)] : []),
  ];
  const calls = targets.flatMap(({ spec: { destination, sources } }) =>
    services
      .filter(({ metadata, spec }) =>
        workloads.some(
          (workload) =>
            workload.metadata.namespace === metadata.namespace &&
            metadata.namespace === destination.namespace &&
            workload.spec.template.spec.serviceAccountName === destination.name &&
            spec.selector["app"] === workload.spec.template.metadata.labels.app,
        ),
      )
      .flatMap((service) =>
        sources.map(({ name, namespace = "a" }) => ({
          from: `${namespace}/${name}`,
          service: describeService(service),
        })),
      ),
  );
  const isOpened = ({ metadata }: (typeof services)[number]): boolean =>
    ingresses.some(
      (one) =>
        one.metadata.namespace === metadata.namespace &&
        one.spec.backends.some((backend) => backend.name === metadata.name),
    );
  const world: World = {
    services: (shown.services.length === 0 ? services : shown.services).map(describeService),
    calls,
    patterns,
    opened: services.filter(isOpened).map(describeService),
    egresses,
    aliases,
  };
  return { objects, requests: draw.list(requests, requests, () => drawRequest(draw, world)) };
}
