import { hostHeaders } from "../../analysis/host-headers";
import { type Finding, finding } from "../../analysis/finding";
import { hostConditions, meetsHost } from "../../analysis/may-pass";
import { addressOf } from "../../analysis/mesh";
import { type OsmMesh } from "../mesh";
import { servicePort } from "../service-port";
import { accountOf, type RouteGroup, type RouteMatch } from "../state";

/**
 * Matches with a condition on the Host header that none meets which a client sends to the services that they are for: the
 * header has the port, and RE2 matches it as a whole.
 */
export function hostConditionFindings(mesh: OsmMesh): readonly Finding[] {
  if (mesh.state.switches.permissive) return [];
  const uses = new Map<RouteMatch, { readonly group: RouteGroup; readonly services: Map<string, readonly string[]> }>();
  for (const { destination } of mesh.state.targets) {
    const account = accountOf(destination.namespace, destination.name);
    const services = mesh.catalog.servicesOfAccount(account).map(servicePort);
    const http = services.filter(({ kind }) => kind === "http");
    const [pod] = mesh.catalog.podsOfAccount(account);
    if (pod === undefined || http.length === 0) continue;
    for (const { origins } of mesh.inbound(pod).routes?.rules ?? []) {
      for (const { group, match } of origins) {
        if (hostConditions({ headers: match.headers ?? new Map() }).length === 0) continue;
        const use = uses.get(match) ?? { group, services: new Map<string, readonly string[]>() };
        uses.set(match, use);
        for (const one of http) use.services.set(addressOf(one), hostHeaders(one));
      }
    }
  }
  return [...uses].flatMap(([match, { group, services }]): readonly Finding[] => {
    const condition = { headers: match.headers ?? new Map<string, string>() };
    if ([...services.values()].some((hosts) => meetsHost(condition, hosts))) return [];
    const [[address = "", hosts = []] = []] = services;
    const [, , named = ""] = hosts.filter((host) => host.endsWith(address.slice(address.lastIndexOf(":"))));
    return [
      finding(mesh, group, ["spec", "matches", match.index, "headers"], {
        severity: "error",
        rule: "host-never-matches",
        message: `No Host header that clients send to ${[...services.keys()].join(", ")} is ${hostConditions(condition)
          .map((text) => JSON.stringify(text))
          .join(
            " and ",
          )}: they send, for instance, ${JSON.stringify(named)}, and the pattern has to match all of it, port included. The match is never met.`,
        remedy: `Take the condition out, or write a pattern of all the service's names, such as ${JSON.stringify(patternOf(address))}.`,
      }),
    ];
  });
}

/** A pattern of a service's names with and without the port. */
function patternOf(address: string): string {
  const [host = "", port = ""] = address.split(":");
  const [name = "", namespace = ""] = host.replace(/\.svc\.cluster\.local$/, "").split(/\.(?=[^.]*$)/);
  return `${name.replaceAll(".", "\\.")}\\.${namespace}(\\.svc.*)?(:${port})?`;
}
