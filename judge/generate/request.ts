import { type JudgeRequest } from "..";
import { accounts, methods, namespaces, serviceNames, type World } from "./case";
import { type Draw } from "./draw";

/** A request to one of the world's Services: most of its parts sit on one side of a boundary that the policy draws. */
export function drawRequest(draw: Draw, world: World): JudgeRequest {
  const call = draw.oneIn(4) ? undefined : draw.maybe(world.calls);
  const from = call !== undefined && !draw.oneIn(6) ? call.from : `${draw.pick(namespaces)}/${draw.pick(accounts)}`;
  const service = call?.service ?? draw.maybe(world.services) ?? { namespace: "a", name: "s", ports: [] };
  const known = draw.maybe(service.ports);
  const port = known === undefined || draw.oneIn(20) ? draw.pick([80, 81, 5000]) : known.port;
  const fullName = `${service.name}.${service.namespace}.svc.cluster.local`;
  const to = draw.oneIn(40) ? `example.com:${String(port)}` : `${fullName}:${String(port)}`;
  // Bytes that are not HTTP say nothing about an HTTP port; HTTP over a TCP port is real.
  const tcp = known?.protocol === "tcp" && known.port === port && !draw.oneIn(4);
  if (tcp) return { from, to, protocol: "tcp" };
  const pattern = draw.maybe(world.patterns);
  const path = draw.oneIn(6) ? draw.pick(["/", "/a", "/a?q=/b", "/zzz"]) : draw.maybe(pattern?.texts ?? ["/"]);
  const headers = Object.fromEntries(
    draw
      .some(world.headerPatterns.filter(([name]) => !name.startsWith(":") && name !== "host"))
      .map(([name, { texts }]) => [name, draw.maybe(texts) ?? "v1"]),
  );
  return {
    from,
    to,
    protocol: "http",
    method: draw.pick([...methods, "GET"]),
    // A request line always has a path, and it starts with a slash.
    path: path?.startsWith("/") === true ? path : `/${path ?? ""}`,
    ...(draw.oneIn(6) && { host: drawHost(draw, service.name, service.namespace, port) }),
    ...(Object.keys(headers).length > 0 && { headers }),
  };
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
