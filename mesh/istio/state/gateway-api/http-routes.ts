import { type HttpRouteState, noOperations } from "../virtual-services";
import { mayLead } from "./attachment";
import { type ReferenceGrantState } from "./grants";
import { destinationOf, type RouteRuleState, type RouteState } from "./routes";

/** What is answered where a rule leaves nobody to lead to. */
const noBackend = 500;

/**
 * The rules of an HTTPRoute or a GRPCRoute as rules of VirtualServices, each with one match.
 *
 * @param grants who lets routes of other namespaces lead to its Services; undefined where nobody is asked, as sidecars do not.
 */
export function httpRoutes(
  route: RouteState,
  grants: ReadonlyMap<string, ReferenceGrantState> | undefined,
): readonly HttpRouteState[] {
  return route.rules.flatMap((rule) => ofRule(route, rule, grants));
}

function ofRule(
  route: RouteState,
  { index, matches, backends, redirect, changes, headers }: RouteRuleState,
  grants: ReadonlyMap<string, ReferenceGrantState> | undefined,
): readonly HttpRouteState[] {
  const used = backends.filter(({ weight }) => weight > 0);
  const destinations = used.map((backend) => ({
    ...destinationOf(backend),
    ...(grants !== undefined && !mayLead(route, backend, grants) && { host: "" }),
  }));
  const direct: HttpRouteState["direct"] =
    redirect !== undefined
      ? { status: redirect, by: "redirect" }
      : used.length === 0
        ? { status: noBackend, by: "directResponse" }
        : undefined;
  return (matches.length === 0 ? [undefined] : matches).map((match) => ({
    index,
    matches: match === undefined ? [] : [match],
    destinations,
    direct,
    mirrors: [],
    delegate: undefined,
    changes,
    headers: { isSaid: headers !== noOperations, ...headers },
    fault: undefined,
    written: { object: route.object, path: ["spec", "rules", index] },
  }));
}
