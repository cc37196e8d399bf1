import { isJsonObject, type JsonObject } from "../../mesh/manifests";
import { listAt, numberAt, textAt, valueAt } from "../../mesh/manifests/inside";
import { istioState } from "../../mesh/istio/state/cluster";
import {
  type HeaderOperations,
  type HttpRouteState,
  type PathRewrite,
  type StringMatchState,
} from "../../mesh/istio/state/virtual-services";
import { type GatewayCase } from "./generate";

/** An object of Istio's that istiod made. */
export interface MadeObject {
  readonly namespace: string;
  readonly name: string;
  readonly spec: JsonObject;
}

/** What istiod makes of a case. */
export interface Made {
  readonly gateways: readonly MadeObject[];
  readonly virtualServices: readonly MadeObject[];
}

/** Lines of one that are not among those of the other. */
export interface Difference {
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

/** Where our conversion of a case differs from istiod's; undefined where it does not. */
export function difference(asked: GatewayCase, made: Made): Difference | undefined {
  const [ours, theirs] = [ourLines(asked), linesOf(made)];
  const [ourOwn, theirOwn] = [
    ours.filter((line) => !theirs.includes(line)),
    theirs.filter((line) => !ours.includes(line)),
  ];
  return ourOwn.length + theirOwn.length === 0 ? undefined : { ours: ourOwn, theirs: theirOwn };
}

/** A line for each listener, and one for each list of rules. */
export function ourLines({ objects }: GatewayCase): readonly string[] {
  const { gateways, virtualServices } = istioState({ objects });
  return [
    ...gateways.flatMap(({ namespace, name, servers }) =>
      servers.map(({ port, protocol, hosts, kind }) =>
        gatewayLine(`${namespace}/${name}`, port, protocol, hosts, kind === "https"),
      ),
    ),
    ...virtualServices.map(({ namespace, hosts, gateways: parents, http }) =>
      JSON.stringify({ of: namespace, hosts, parents, rules: http.map(ourRule) }),
    ),
  ];
}

function linesOf({ gateways, virtualServices }: Made): readonly string[] {
  return [
    ...gateways.flatMap(({ namespace, name, spec }) =>
      listAt(spec, "servers").map((server) => {
        const protocol = textAt(server, "port", "protocol") ?? "";
        const ends = protocol === "HTTPS" && (textAt(server, "tls", "mode") ?? "PASSTHROUGH") === "SIMPLE";
        return gatewayLine(
          `${namespace}/${name}`,
          numberAt(server, "port", "number") ?? 0,
          protocol,
          listAt(server, "hosts"),
          ends,
        );
      }),
    ),
    ...virtualServices.map(({ namespace, spec }) =>
      JSON.stringify({
        of: namespace,
        hosts: listAt(spec, "hosts"),
        parents: listAt(spec, "gateways"),
        rules: listAt(spec, "http").map(theirRule),
      }),
    ),
  ];
}

function gatewayLine(
  name: string,
  port: number,
  protocol: string,
  hosts: readonly unknown[],
  endsTls: boolean,
): string {
  return JSON.stringify({ name, port, protocol, hosts, endsTls });
}

/** A destination that a route may not lead to has no name. */
const nowhere = { to: "nowhere" };

function ourRule({ matches, destinations, direct, changes, headers }: HttpRouteState): unknown {
  return {
    matches: matches.map(({ uri, method, headers: asked, queryParams, port }) => ({
      uri: ourValue(uri),
      method: ourValue(method),
      headers: ourValues(asked),
      query: ourValues(queryParams),
      port,
    })),
    answer: direct === undefined ? undefined : [direct.by, direct.status],
    to:
      direct === undefined
        ? destinations.map(({ host, port, weight, headers: own }) => ({
            ...(host === "" ? nowhere : { to: host, port }),
            weight: destinations.length === 1 ? 0 : weight,
            headers: ourOperations(own),
          }))
        : [],
    authority: changes.authority,
    path: ourPath(changes.path),
    headers: ourOperations(headers),
  };
}

function theirRule(rule: unknown): unknown {
  const [status, redirect] = [numberAt(rule, "directResponse", "status"), numberAt(rule, "redirect", "redirectCode")];
  const answer =
    status !== undefined
      ? ["directResponse", status]
      : valueAt(rule, "redirect") !== undefined
        ? ["redirect", redirect]
        : undefined;
  return {
    matches: listAt(rule, "match").map((match) => ({
      uri: theirValue(valueAt(match, "uri")),
      method: theirValue(valueAt(match, "method")),
      headers: theirValues(valueAt(match, "headers")),
      query: theirValues(valueAt(match, "queryParams")),
      port: numberAt(match, "port") ?? 0,
    })),
    answer,
    to:
      answer === undefined
        ? listAt(rule, "route").map((one) => {
            const to = textAt(one, "destination", "host");
            return {
              ...(to === undefined ? nowhere : { to, port: numberAt(one, "destination", "port", "number") }),
              weight: numberAt(one, "weight") ?? 0,
              headers: theirOperations(one),
            };
          })
        : [],
    authority: textAt(rule, "rewrite", "authority"),
    path: theirPath(valueAt(rule, "rewrite")),
    headers: theirOperations(rule),
  };
}

/** Of a prefix that is taken away istiod writes the slash that is left. */
function ourPath(rewrite: PathRewrite | undefined): unknown {
  if (rewrite === undefined || rewrite.of === "pattern") return rewrite?.of;
  return [rewrite.of === "all" ? "all" : "match", rewrite.by === "" ? "/" : rewrite.by];
}

function theirPath(rewrite: unknown): unknown {
  const uri = textAt(rewrite, "uri");
  if (uri !== undefined) return ["match", uri];
  const all = textAt(rewrite, "uriRegexRewrite", "rewrite");
  return all === undefined ? undefined : all.includes("\\") ? "pattern" : ["all", all];
}

function ourOperations({ removed, set, added }: HeaderOperations): unknown {
  return { set: [...set].sort(), add: [...added].sort(), remove: removed };
}

function theirOperations(value: unknown): unknown {
  const pairs = (field: string): unknown => Object.entries(objectAt(value, "headers", "request", field)).sort();
  const removed = listAt(value, "headers", "request", "remove");
  return { set: pairs("set"), add: pairs("add"), remove: removed.map((name) => String(name).toLowerCase()) };
}

function objectAt(value: unknown, ...path: readonly string[]): JsonObject {
  const found = valueAt(value, ...path);
  return isJsonObject(found) ? found : {};
}

/** Envoy takes a prefix of such a route for whole segments, with or without the slash. */
function ourValue(match: StringMatchState | undefined): unknown {
  return match && [match.kind === "pathPrefix" ? "prefix" : match.kind, match.value];
}

function theirValue(match: unknown): unknown {
  return isJsonObject(match) ? Object.entries(match)[0] : undefined;
}

function ourValues(matches: ReadonlyMap<string, StringMatchState>): unknown {
  return [...matches].map(([name, one]) => [name, ourValue(one)]).sort();
}

function theirValues(matches: unknown): unknown {
  return isJsonObject(matches)
    ? Object.entries(matches)
        .map(([name, one]) => [name, theirValue(one)])
        .sort()
    : [];
}
