import { type JudgeRequest } from "..";
import { type Draw } from "../generate/draw";
import { calledHosts, type DrawnGateway, type GatewayObject } from "./gateway";
import { drawHttp } from "./request";

/** What requests to gateways are drawn from. */
export interface GatewayWorld {
  readonly workloads: readonly DrawnGateway[];
  readonly gateways: readonly GatewayObject[];
  /** Names that routes are for. */
  readonly names: readonly string[];
  /** Accounts that workloads run as, as `namespace/account`. */
  readonly callers: readonly string[];
  /** Whether callers send tokens. */
  readonly tokens: boolean;
}

/** A request to a gateway: from outside, or from one of the mesh's workloads. */
export function drawGatewayRequest(draw: Draw, world: GatewayWorld): JudgeRequest {
  const { workloads, gateways, names, callers, tokens } = world;
  const { name, namespace } = draw.maybe(workloads) ?? { name: "ingress", namespace: "edge" };
  const from = draw.oneIn(4)
    ? (draw.maybe(callers) ?? "a/x")
    : draw.pick(["outside:198.18.0.1", "outside:198.18.0.1", "outside:203.0.113.9"]);
  const servers = gateways.flatMap(({ spec }) => spec.servers);
  const server = draw.oneIn(8) ? undefined : draw.maybe(servers);
  const opened = server?.port.number ?? 80;
  const port = { 8080: 80, 8443: 443 }[opened] ?? opened;
  const to = `${name}.${namespace}.svc.cluster.local:${String(port)}`;
  const secured = server?.port.protocol === "HTTPS" || server?.port.protocol === "TLS";
  const speaksTls = draw.oneIn(15) ? !secured : secured;
  const host = draw.oneIn(3) ? draw.pick(calledHosts) : (draw.maybe(names) ?? "s.example");
  const serverName = draw.oneIn(12) ? draw.pick([...calledHosts, ""]) : host;
  const tls = speaksTls ? { serverName: draw.oneIn(8) ? serverName.toUpperCase() : serverName } : {};
  if (draw.oneIn(server?.port.protocol === "TCP" ? 2 : 12)) return { from, to, protocol: "tcp", ...tls };
  return { ...drawHttp(draw, from, to, drawHostHeader(draw, host, port), tokens), ...tls };
}

/** A Host header: in capital letters and with a port now and then. */
function drawHostHeader(draw: Draw, host: string, port: number): string | undefined {
  if (draw.oneIn(20)) return undefined;
  const named = draw.oneIn(12) ? draw.pick(calledHosts) : host;
  const written = draw.oneIn(8) ? named.toUpperCase() : named;
  return draw.oneIn(6) ? `${written}:${String(draw.pick([port, 80, 443, 8080]))}` : written;
}
