import type * as fc from "fast-check";
import { type JudgeCase } from "..";
import { drawn, type Draw } from "../generate/draw";
import { type Mood, unique } from "../generate/names";
import { drawActingCase } from "./acting-case";
import { withCorners } from "./corners";
import { drawServiceEntries, withJoinedEntries } from "./entries";
import { drawAuthorizationPolicy, drawPeerAuthentication } from "./policy";
import { drawRequest } from "./request";
import { drawRequestAuthentication } from "./token";
import { describeService, drawService } from "./service";
import { drawDestinationRule, drawMeshConfig, drawSidecar, drawVirtualService } from "./traffic";
import { drawNamespaces, drawWorkload } from "./workload";

/** Istio's objects with workloads, Services and requests to them; mostly well-formed. */
export function arbitraryIstioCase(requests: number): fc.Arbitrary<JudgeCase> {
  return drawn((draw) => (draw.oneIn(6) ? drawActingCase(draw, requests, false) : drawCase(draw, requests)));
}

function drawCase(draw: Draw, requests: number): JudgeCase {
  const mood = draw.pick<Mood>(["tame", "mixed", "mixed", "wild"]);
  const focused = draw.oneIn(2);
  const workloads = unique(draw.list(1, focused ? 2 : 5, () => drawWorkload(draw, mood)));
  const services = unique(draw.list(1, focused ? 2 : 4, () => drawService(draw, mood, workloads)));
  const routed = draw.oneIn(3);
  const tokens = draw.oneIn(4);
  const objects: unknown[] = [
    ...drawNamespaces(draw, mood),
    ...workloads,
    ...services,
    ...unique(draw.list(0, 2, () => drawPeerAuthentication(draw, mood))),
    ...(tokens ? unique(draw.list(1, 2, () => drawRequestAuthentication(draw, mood))) : []),
    ...unique(draw.list(draw.oneIn(6) ? 0 : 1, focused ? 2 : 4, () => drawAuthorizationPolicy(draw, mood))),
    ...(routed ? unique(draw.list(1, 2, () => drawVirtualService(draw, mood, services))) : []),
    ...(routed || draw.oneIn(6) ? unique(draw.list(0, 2, () => drawDestinationRule(draw, services))) : []),
    ...(draw.oneIn(12) ? [drawSidecar(draw)] : []),
    ...(draw.oneIn(10) ? drawServiceEntries(draw) : []),
    ...(draw.oneIn(6) ? [drawMeshConfig(draw)] : []),
  ];
  const world = {
    services: services.map(describeService),
    tokens,
    callers: workloads.map(({ metadata, spec }) => `${metadata.namespace}/${spec.template.spec.serviceAccountName}`),
  };
  return {
    objects: withJoinedEntries(draw.oneIn(2) ? withCorners(draw, objects) : objects),
    requests: draw.list(requests, requests, () => drawRequest(draw, world)),
  };
}
