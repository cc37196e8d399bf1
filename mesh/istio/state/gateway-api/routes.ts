import { isJsonObject } from "../../../manifests";
import { listAt, numberAt, textAt, valueAt } from "../../../manifests/inside";
import { type Reader } from "../../../manifests/reader";
import { type Named, namedOf } from "../named";
import {
  type HeaderOperations,
  headerOperations,
  type HttpMatchState,
  noOperations,
  type PathRewrite,
  patternRewrite,
  type RequestChanges,
  type RouteDestinationState,
  type StringMatchState,
} from "../virtual-services";
import { gatewayApiGroup, type RouteKind } from "./kinds";

/** What a route is attached to. */
export interface ParentState {
  /** `Gateway`, `Service`, `ServiceEntry` or another. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** A listener's name; undefined for all of them. */
  readonly section: string | undefined;
  readonly port: number | undefined;
}

/** A backend of a rule. */
export interface BackendState {
  /** Undefined for one of a kind that istiod does not know: it answers with 500. */
  readonly service: { readonly namespace: string; readonly name: string } | { readonly host: string } | undefined;
  readonly port: number | undefined;
  readonly weight: number;
  /** What is made of the headers of requests on the way there. */
  readonly headers: HeaderOperations;
}

/** A rule of a route. */
export interface RouteRuleState {
  readonly index: number;
  /** What requests are like that it is for: any of these. */
  readonly matches: readonly HttpMatchState[];
  readonly backends: readonly BackendState[];
  /** Status with which the gateway sends the caller elsewhere. */
  readonly redirect: number | undefined;
  readonly changes: RequestChanges;
  readonly headers: HeaderOperations;
  /** A filter that istiod does not know: it takes nothing of such a route. */
  readonly unknownFilter: string | undefined;
}

/** A route of the Gateway API. */
export interface RouteState extends Named {
  readonly kind: RouteKind;
  readonly parents: readonly ParentState[];
  /** Lower case; none for any. */
  readonly hostnames: readonly string[];
  readonly rules: readonly RouteRuleState[];
  readonly backendNamespaces: readonly string[];
}

export function readRoute(reader: Reader, kind: RouteKind): RouteState {
  const named = namedOf(reader);
  const { namespace } = named;
  const spec = reader.record(Reflect.get(reader.object, "spec"), ["spec"]);
  const rules = reader.list(spec["rules"], ["spec"], "rules").map((rule, index): RouteRuleState => {
    const filters = listAt(rule, "filters");
    const rewrite = filterOf(filters, "URLRewrite", "urlRewrite");
    const redirect = filterOf(filters, "RequestRedirect", "requestRedirect");
    return {
      index,
      matches: listAt(rule, "matches").map(kind === "GRPCRoute" ? readGrpcMatch : readMatch),
      backends: listAt(rule, "backendRefs").map((one) => readBackend(one, namespace)),
      redirect: redirect === undefined ? undefined : (numberAt(redirect, "statusCode") ?? usualRedirect),
      changes: {
        isSaid: rewrite !== undefined,
        authority: textAt(rewrite, "hostname"),
        path: readPathRewrite(valueAt(rewrite, "path")),
      },
      headers: readHeaderOperations(filters),
      unknownFilter: unknownFilter(kind, filters, listAt(rule, "backendRefs")),
    };
  });
  return {
    ...named,
    kind,
    parents: reader.list(spec["parentRefs"], ["spec"], "parentRefs").map((one) => readParent(one, namespace)),
    hostnames: reader.texts(spec["hostnames"], ["spec"], "hostnames").map((one) => one.toLowerCase()),
    rules,
    backendNamespaces: rules.flatMap(({ backends }) =>
      backends.flatMap(({ service }) => (service !== undefined && "namespace" in service ? [service.namespace] : [])),
    ),
  };
}

/** The API server's own where none is written. */
const usualRedirect = 302;

/** API groups of parents that are not of the Gateway API. */
const groupsOfParents: Readonly<Record<string, string>> = { Service: "", ServiceEntry: "networking.istio.io" };

function readParent(ref: unknown, namespace: string): ParentState {
  const group = textAt(ref, "group") ?? gatewayApiGroup;
  const kind = textAt(ref, "kind") ?? "Gateway";
  const isKnown = group === (groupsOfParents[kind] ?? gatewayApiGroup);
  return {
    kind: isKnown ? kind : `${group}/${kind}`,
    namespace: textAt(ref, "namespace") ?? namespace,
    name: textAt(ref, "name") ?? "",
    section: textAt(ref, "sectionName"),
    port: numberAt(ref, "port"),
  };
}

function readBackend(ref: unknown, own: string): BackendState {
  const namespace = textAt(ref, "namespace") ?? own;
  const name = textAt(ref, "name") ?? "";
  const group = textAt(ref, "group") ?? "";
  const kind = textAt(ref, "kind") ?? "Service";
  return {
    service:
      (group === "" && kind === "Service") || kind === "ServiceImport"
        ? { namespace, name }
        : group === "networking.istio.io" && kind === "Hostname"
          ? { host: name }
          : undefined,
    port: numberAt(ref, "port"),
    weight: numberAt(ref, "weight") ?? 1,
    headers: readHeaderOperations(listAt(ref, "filters")),
  };
}

/** The last of its kind counts. */
function filterOf(filters: readonly unknown[], type: string, field: string): unknown {
  const found = filters.filter((one) => textAt(one, "type") === type).map((one) => valueAt(one, field));
  return found[found.length - 1];
}

/** What istiod writes for a filter (pilot/pkg/config/kube/gateway/conversion.go, createRewriteFilter). */
function readPathRewrite(path: unknown): PathRewrite | undefined {
  const [prefix, full] = [textAt(path, "replacePrefixMatch"), textAt(path, "replaceFullPath")];
  if (textAt(path, "type") === "ReplaceFullPath") return patternRewrite("/.*", full);
  return prefix === undefined ? undefined : { of: "prefix", by: prefix.replace(/\/$/, "") };
}

function readHeaderOperations(filters: readonly unknown[]): HeaderOperations {
  const changed = filterOf(filters, "RequestHeaderModifier", "requestHeaderModifier");
  if (changed === undefined) return noOperations;
  const pairs = (field: string): readonly [string, string][] =>
    listAt(changed, field).map((one) => [textAt(one, "name") ?? "", textAt(one, "value") ?? ""]);
  const removed = listAt(changed, "remove").flatMap((one) => (typeof one === "string" ? one : []));
  return headerOperations(removed, pairs("set"), pairs("add"));
}

const headerFilters = ["RequestHeaderModifier", "ResponseHeaderModifier"];
const routeFilters: Readonly<Record<RouteKind, readonly string[]>> = {
  HTTPRoute: [...headerFilters, "RequestRedirect", "RequestMirror", "URLRewrite", "CORS"],
  GRPCRoute: [...headerFilters, "RequestMirror"],
  TCPRoute: [],
  TLSRoute: [],
};

/** istiod does not look at a backend of weight 0. */
function isUsed(backend: unknown): boolean {
  return numberAt(backend, "weight") !== 0;
}

function unknownFilter(kind: RouteKind, filters: readonly unknown[], backends: readonly unknown[]): string | undefined {
  const types = (all: readonly unknown[]): readonly string[] => all.map((one) => textAt(one, "type") ?? "");
  return (
    types(filters).find((type) => !routeFilters[kind].includes(type)) ??
    types(backends.filter(isUsed).flatMap((one) => listAt(one, "filters"))).find(
      (type) => !headerFilters.includes(type),
    )
  );
}

/** What a match of a route never asks for: who calls, and what only VirtualServices have. */
export const nothingElse = {
  ignoreUriCase: false,
  withoutHeaders: new Map<string, StringMatchState>(),
  port: 0,
  sourceLabels: {},
  sourceNamespace: "",
  gateways: [],
} as const;

function readMatch(match: unknown): HttpMatchState {
  const method = textAt(match, "method");
  return {
    ...nothingElse,
    uri: readPath(valueAt(match, "path")),
    ...(method !== undefined && { method: { kind: "exact", value: method } }),
    headers: readValues(listAt(match, "headers")),
    queryParams: readValues(listAt(match, "queryParams")),
  };
}

/** A path without its last slash, and whatever is below it, unless it says otherwise. */
function readPath(path: unknown): StringMatchState {
  const value = textAt(path, "value") ?? "/";
  switch (textAt(path, "type") ?? "PathPrefix") {
    case "Exact":
      return { kind: "exact", value };
    case "RegularExpression":
      return { kind: "regex", value };
    default:
      return value === "/" ? { kind: "prefix", value } : { kind: "pathPrefix", value: value.replace(/\/$/, "") };
  }
}

function readValues(list: readonly unknown[]): ReadonlyMap<string, StringMatchState> {
  return new Map(
    list.map((one): [string, StringMatchState] => [
      textAt(one, "name") ?? "",
      { kind: textAt(one, "type") === "RegularExpression" ? "regex" : "exact", value: textAt(one, "value") ?? "" },
    ]),
  );
}

/** gRPC's `/Service/Method` as a path (pilot/pkg/config/kube/gateway/conversion.go, createGRPCURIMatch). */
function readGrpcMatch(match: unknown): HttpMatchState {
  const asked = valueAt(match, "method");
  const [service, method] = [textAt(asked, "service"), textAt(asked, "method")];
  const isRegex = textAt(asked, "type") === "RegularExpression";
  const uri: StringMatchState =
    service === undefined
      ? { kind: "regex", value: `/[^/]+/${method ?? ""}` }
      : method === undefined
        ? isRegex
          ? { kind: "regex", value: `/${service}/.+` }
          : { kind: "pathPrefix", value: `/${service}/` }
        : { kind: isRegex ? "regex" : "exact", value: `/${service}/${method}` };
  return {
    ...nothingElse,
    ...(isJsonObject(asked) && { uri }),
    headers: readValues(listAt(match, "headers")),
    queryParams: new Map(),
  };
}

/** A backend as a destination of a VirtualService. */
export function destinationOf({ service, port, weight, headers }: BackendState): RouteDestinationState {
  const host =
    service === undefined
      ? ""
      : "host" in service
        ? service.host
        : `${service.name}.${service.namespace}.svc.cluster.local`;
  return { host, subset: "", port, weight, headers };
}
