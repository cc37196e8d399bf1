import type * as fc from "fast-check";
import { type JudgeCase } from "..";
import { drawn, type Draw } from "../generate/draw";
import { type Mood, unique } from "../generate/names";
import { drawActingCase } from "./acting-case";
import { drawGateway, drawGatewayRoutes, drawGatewayWorkloads, edge, hostConditions, namesFor } from "./gateway";
import { drawGatewayRequest } from "./gateway-request";
import { rootNamespace } from "./names";
import { type Place } from "./place";
import { drawServiceEntries, withJoinedEntries } from "./entries";
import { drawAuthorizationPolicy, drawPeerAuthentication } from "./policy";
import { drawRequest } from "./request";
import { describeService, drawService } from "./service";
import { drawRequestAuthentication, drawTokenDemand } from "./token";
import { drawDestinationRule, drawMeshConfig, drawSidecar } from "./traffic";
import { drawNamespaces, drawWorkload } from "./workload";

/** Gateways with what is behind them and requests to them; mostly well-formed. */
export function arbitraryGatewayCase(requests: number): fc.Arbitrary<JudgeCase> {
  return drawn((draw) => (draw.oneIn(6) ? drawActingCase(draw, requests, true) : drawCase(draw, requests)));
}

function drawCase(draw: Draw, requests: number): JudgeCase {
  const mood = draw.pick<Mood>(["tame", "mixed", "mixed", "wild"]);
  const workloads = unique(draw.list(1, 3, () => drawWorkload(draw, mood)));
  const services = unique(draw.list(1, 3, () => drawService(draw, mood, workloads)));
  const ingresses = drawGatewayWorkloads(draw, mood);
  const gateways = unique(draw.list(1, draw.oneIn(2) ? 3 : 1, () => drawGateway(draw, mood, ingresses)));
  const tokens = draw.oneIn(3);
  const routes = unique(
    draw.list(1, draw.oneIn(2) ? 4 : 2, () => drawGatewayRoutes(draw, mood, gateways, services, tokens)),
  );
  const [first] = ingresses;
  const caller = `${first?.namespace ?? edge}/${first?.name ?? "ingress"}`;
  const place = (): Place => ({
    namespace: draw.oneIn(4) ? rootNamespace : (draw.maybe(ingresses)?.namespace ?? edge),
    selector: draw.oneIn(3)
      ? {}
      : { selector: { matchLabels: { istio: draw.pick(["ingress", "ingress", "egress"]) } } },
  });
  const ofGateway = { byAddress: true, hosts: hostConditions };
  const objects: unknown[] = [
    ...drawNamespaces(draw, mood),
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: edge, labels: draw.pick([{ "istio-injection": "enabled" }, { "istio.io/rev": "asm-1-31" }]) },
    },
    ...workloads,
    ...services,
    ...ingresses.flatMap((one) => one.objects),
    ...gateways,
    ...routes,
    ...unique([
      ...draw.list(0, 1, () => drawAuthorizationPolicy(draw, mood, { caller })),
      ...(draw.oneIn(3)
        ? draw.list(1, 2, () => drawAuthorizationPolicy(draw, mood, { ...ofGateway, place: place() }))
        : []),
    ]),
    ...(tokens
      ? unique([
          drawRequestAuthentication(draw, mood, draw.oneIn(6) ? undefined : place()),
          ...(draw.oneIn(3) ? [] : drawTokenDemand(draw, mood, draw.maybe(services)?.metadata.namespace ?? edge)),
        ])
      : []),
    ...unique(draw.list(0, 1, () => drawPeerAuthentication(draw, mood))),
    ...(draw.oneIn(3) ? unique(draw.list(1, 2, () => drawDestinationRule(draw, services))) : []),
    ...(draw.oneIn(20) ? [drawSidecar(draw)] : []),
    ...(draw.oneIn(20) ? drawServiceEntries(draw) : []),
    ...(draw.oneIn(8) ? [drawMeshConfig(draw)] : []),
  ];
  const callers = workloads.map(
    ({ metadata, spec }) => `${metadata.namespace}/${spec.template.spec.serviceAccountName}`,
  );
  const world = { services: services.map(describeService), tokens, callers };
  const entered = { workloads: ingresses, gateways, names: namesFor(routes), callers, tokens };
  return {
    objects: withJoinedEntries(objects),
    requests: draw.list(requests, requests, () =>
      draw.oneIn(10) ? drawRequest(draw, world) : drawGatewayRequest(draw, entered),
    ),
  };
}
