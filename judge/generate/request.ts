import { type JudgeRequest } from "..";
import { type World } from "./case";
import { type Draw } from "./draw";
import { accounts, methods, namespaces, serviceNames } from "./names";
import { outsideAddresses, outsiders, principals } from "./outside";
import { type DrawnService } from "./service";

/** A request, mostly to one of the world's Services: most of its parts sit on one side of a boundary that the policy draws. */
export function drawRequest(draw: Draw, world: World): JudgeRequest {
  if (world.egresses.length > 0 ? draw.oneIn(3) : draw.oneIn(30)) return drawLeaving(draw, world);
  if (world.opened.length > 0 ? draw.oneIn(3) : draw.oneIn(30)) return drawEntering(draw, world);
  const call = draw.oneIn(4) ? undefined : draw.maybe(world.calls);
  const from = call !== undefined && !draw.oneIn(6) ? call.from : drawCaller(draw);
  const service = call?.service ?? draw.maybe(world.services) ?? nobody;
  const alias = draw.oneIn(3) ? draw.maybe(world.aliases)?.metadata : undefined;
  return drawCall(draw, world, from, alias === undefined ? service : { ...service, ...alias });
}

const nobody: DrawnService = { namespace: "a", name: "s", ports: [] };

function drawCaller(draw: Draw): string {
  return `${draw.pick(namespaces)}/${draw.pick(accounts)}`;
}

/** A call from outside of the mesh. */
function drawEntering(draw: Draw, world: World): JudgeRequest {
  const service = draw.maybe(draw.oneIn(4) ? world.services : world.opened) ?? draw.maybe(world.services) ?? nobody;
  const from = draw.pick(outsiders);
  const request = drawCall(draw, world, from, service);
  if (!draw.oneIn(3)) return request;
  const serverName = draw.oneIn(3) ? { serverName: draw.pick(["", "shop.example", hostOf(request.to)]) } : {};
  return draw.oneIn(3) && "serverName" in serverName
    ? { ...request, ...serverName }
    : { ...request, ...serverName, from: `${from} as ${draw.pick(principals)}` };
}

function hostOf(to: string): string {
  return to.slice(0, to.indexOf(":"));
}

/** A call to somewhere outside of the cluster. */
function drawLeaving(draw: Draw, world: World): JudgeRequest {
  const egress = draw.maybe(world.egresses);
  const source = draw.oneIn(4) ? undefined : draw.maybe(egress?.spec.sources ?? []);
  const from = source === undefined ? drawCaller(draw) : `${source.namespace}/${source.name}`;
  const known = draw.oneIn(4) ? undefined : draw.maybe(egress?.spec.ports ?? []);
  const number = known?.number ?? draw.pick([80, 81, 5000]);
  const host = draw.pick(["example.com", "example.com", "other.example.org", ...outsideAddresses]);
  const to = `${host}:${String(number)}`;
  if (known?.protocol === "https" || draw.oneIn(8)) {
    return { from, to, protocol: "tcp", serverName: draw.pick(["example.com", "example.com", "other.example.org"]) };
  }
  if (known?.protocol === "tcp" && draw.oneIn(2)) return { from, to, protocol: "tcp" };
  return drawHttp(draw, world, from, to, draw.oneIn(4) ? draw.pick(["example.com", to]) : undefined);
}

function drawCall(draw: Draw, world: World, from: string, service: DrawnService): JudgeRequest {
  const known = draw.maybe(service.ports);
  const port = known === undefined || draw.oneIn(20) ? draw.pick([80, 81, 5000]) : known.port;
  const to = `${service.name}.${service.namespace}.svc.cluster.local:${String(port)}`;
  // Bytes that are not HTTP say nothing about an HTTP port; HTTP over a TCP port is real.
  const tcp = known?.protocol === "tcp" && known.port === port && !draw.oneIn(4);
  if (tcp) return { from, to, protocol: "tcp" };
  const host = draw.oneIn(6) ? drawHost(draw, service.name, service.namespace, port) : undefined;
  return drawHttp(draw, world, from, to, host);
}

function drawHttp(draw: Draw, world: World, from: string, to: string, host: string | undefined): JudgeRequest {
  const pattern = draw.maybe(world.patterns.paths);
  const path = draw.oneIn(6) ? draw.pick(["/", "/a", "/a?q=/b", "/zzz"]) : draw.maybe(pattern?.texts ?? ["/"]);
  const headers = drawHeaders(draw, world);
  return {
    from,
    to,
    protocol: "http",
    method: draw.pick([...methods, "GET"]),
    // A request line always has a path, and it starts with a slash.
    path: path?.startsWith("/") === true ? path : `/${path ?? ""}`,
    ...(host !== undefined && { host }),
    ...(Object.keys(headers).length > 0 && { headers }),
  };
}

/** Headers that the policy asks for, some with blanks around, some sent twice. */
function drawHeaders(draw: Draw, { patterns }: World): Readonly<Record<string, string | readonly string[]>> {
  const drawValue = (texts: readonly string[]): string => {
    const value = draw.maybe(texts) ?? "v1";
    return draw.oneIn(10) ? `${draw.pick([" ", "\t", ""])}${value}${draw.pick([" ", "  ", " \t"])}` : value;
  };
  const asked = patterns.headers.filter(([name]) => !name.startsWith(":") && name !== "host");
  return Object.fromEntries(
    // More are sent than left out: a route wants all of its headers.
    asked
      .filter(() => !draw.oneIn(4))
      .map(([name, { texts }]) => [name, draw.oneIn(8) ? draw.list(2, 3, () => drawValue(texts)) : drawValue(texts)]),
  );
}

function drawHost(draw: Draw, name: string, namespace: string, port: number): string {
  const host = draw.pick([
    name,
    `${name}.${namespace}`,
    `${name}.${namespace}.svc`,
    `${name}.${namespace}.svc.cluster`,
    `${name}.${namespace}.svc.cluster.local`,
    `${name.toUpperCase()}.${namespace}`,
    `${draw.pick(serviceNames)}.${draw.pick(namespaces)}`,
    draw.pick(serviceNames),
    "example.com",
  ]);
  return draw.oneIn(2) ? host : `${host}:${String(draw.pick([port, port, 80, 8080]))}`;
}
