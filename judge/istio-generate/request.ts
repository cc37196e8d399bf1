import { type JudgeRequest } from "..";
import { type Draw } from "../generate/draw";
import { accounts, headerNames, headerValues, methods, namespaces, paths, ports } from "./names";
import { type DrawnService } from "./service";
import { drawToken } from "./token";

/** What requests are drawn from. */
export interface World {
  readonly services: readonly DrawnService[];
  /** Accounts that workloads run as, as `namespace/account`. */
  readonly callers: readonly string[];
  /** Whether callers send tokens. */
  readonly tokens: boolean;
}

/** A request, mostly from one of the world's workloads to one of its Services. */
export function drawRequest(draw: Draw, world: World): JudgeRequest {
  const { services, callers, tokens } = world;
  const from = draw.oneIn(12)
    ? draw.pick(["outside:198.18.0.1", `${draw.pick(namespaces)}/${draw.pick(accounts)}`])
    : (draw.maybe(callers) ?? "a/x");
  // Where names lead outside of the mesh, for callers outside, is said by no object.
  if (!from.startsWith("outside:") && draw.oneIn(15)) return drawLeaving(draw, from, tokens);
  const service = draw.maybe(services);
  const known = draw.maybe(service?.ports ?? []);
  const port = known === undefined || draw.oneIn(25) ? draw.pick(ports) : known.port;
  const name = `${service?.name ?? "s"}.${service?.namespace ?? "a"}`;
  const to = `${name}.svc.cluster.local:${String(port)}`;
  // Bytes that are not HTTP say nothing about an HTTP port; HTTP over a TCP port is real.
  if (known?.protocol === "tcp" && known.port === port && !draw.oneIn(3)) return { from, to, protocol: "tcp" };
  const host = draw.oneIn(8)
    ? draw.pick([name, `${name}.svc`, `${name.toUpperCase()}.svc.cluster.local`, "s", "t.b", "example.com", to])
    : undefined;
  return drawHttp(draw, from, to, host, tokens);
}

function drawLeaving(draw: Draw, from: string, tokens: boolean): JudgeRequest {
  const to = `${draw.pick(["example.com", "example.com", "other.example.org"])}:${String(draw.pick(ports))}`;
  return draw.oneIn(3) ? { from, to, protocol: "tcp" } : drawHttp(draw, from, to, undefined, tokens);
}

/** A request over HTTP: its path, method and headers. */
export function drawHttp(
  draw: Draw,
  from: string,
  to: string,
  host: string | undefined,
  tokens: boolean,
): JudgeRequest {
  const plain = Object.fromEntries(
    draw
      .some(headerNames)
      .map((name) => [name, draw.oneIn(12) ? draw.list(2, 3, () => draw.pick(headerValues)) : draw.pick(headerValues)]),
  );
  const headers = { ...plain, ...(tokens && !draw.oneIn(3) && drawToken(draw)) };
  return {
    from,
    to,
    protocol: "http",
    method: draw.pick([...methods, "GET", "GET"]),
    path: draw.pick(paths),
    ...(host !== undefined && { host }),
    ...(Object.keys(headers).length > 0 && { headers }),
  };
}
