import { type Labels } from "../../cluster/workloads";
import { isJsonObject, type JsonObject, type KubernetesObject, type ValuePath } from "../../manifests";
import { type Reader } from "../../manifests/reader";
import { grpcStatuses } from "../grpc-statuses";
import { type Named, namedOf } from "./named";
import { routingClaim } from "./routing-claims";

/** A text condition; `present` is met by any value, `pathPrefix` by a path, with or without a slash behind it, and all paths below. */
export interface StringMatchState {
  readonly kind: "exact" | "prefix" | "regex" | "present" | "pathPrefix";
  readonly value: string;
}

/** A condition on requests, and on who sends them. */
export interface HttpMatchState {
  readonly uri?: StringMatchState;
  readonly ignoreUriCase: boolean;
  readonly scheme?: StringMatchState;
  readonly method?: StringMatchState;
  readonly authority?: StringMatchState;
  /** By names as they are written; of claims by those that policies have. */
  readonly headers: ReadonlyMap<string, StringMatchState>;
  readonly withoutHeaders: ReadonlyMap<string, StringMatchState>;
  readonly queryParams: ReadonlyMap<string, StringMatchState>;
  /** The Service's port; 0 for any. */
  readonly port: number;
  readonly sourceLabels: Labels;
  readonly sourceNamespace: string;
  readonly gateways: readonly string[];
}

/** A share of the calls. */
export interface RouteDestinationState {
  readonly host: string;
  readonly subset: string;
  readonly port: number | undefined;
  readonly weight: number;
  /** What is made of the headers of requests on the way there. */
  readonly headers: HeaderOperations;
}

/** A rule for HTTP. */
export interface HttpRouteState {
  readonly index: number;
  /** Where it is written. Default: at its place in the VirtualService. */
  readonly written?: { readonly object: KubernetesObject; readonly path: ValuePath };
  readonly matches: readonly HttpMatchState[];
  readonly destinations: readonly RouteDestinationState[];
  /** Where copies of its requests go, whose answers nobody reads. */
  readonly mirrors: readonly MirrorState[];
  /** Answered by the sidecar itself with this status. */
  readonly direct: { readonly status: number; readonly by: "directResponse" | "redirect" } | undefined;
  readonly delegate: { readonly namespace: string; readonly name: string } | undefined;
  readonly changes: RequestChanges;
  readonly headers: HeaderOperations & {
    /** Whether anything is said, of answers too. */
    readonly isSaid: boolean;
  };
  /** Undefined where nothing is said of faults. */
  readonly fault: FaultState | undefined;
  /** Where a rule comes from that another VirtualService delegates to. */
  readonly from?: string;
}

/** Where copies of requests go. */
export interface MirrorState {
  readonly destination: Pick<RouteDestinationState, "host" | "port" | "subset">;
  /** Its place within the rule. */
  readonly path: ValuePath;
}

/** What a rule makes of a request before it passes it on. */
export interface RequestChanges {
  /** Whether anything is said. */
  readonly isSaid: boolean;
  readonly authority: string | undefined;
  /** Undefined where the path stays. */
  readonly path: PathRewrite | undefined;
}

/** What comes of a path. */
export type PathRewrite =
  | {
      /**
       * Whether the text comes in the place of what the match has of it (all of it, where that is a regular expression), of what a match of
       * the Gateway API has, where `/` stands for nothing, or of all of it.
       */
      readonly of: "match" | "prefix" | "all";
      readonly by: string;
    }
  /** A text comes in the place of another, where that is in the path, and what is behind that stays. */
  | { readonly of: "text"; readonly text: string; readonly by: string }
  /** Another regular expression tells what is replaced. */
  | { readonly of: "pattern" };

/** What is made of headers, names in lower case: those that are there are taken off first. */
export interface HeaderOperations {
  readonly removed: readonly string[];
  readonly set: ReadonlyMap<string, string>;
  /** Further values. */
  readonly added: ReadonlyMap<string, string>;
}

/** Errors that a sidecar makes up. */
export interface FaultState {
  /** The share of calls that it answers itself, in percent. */
  readonly abort: { readonly status: number; readonly percent: number } | undefined;
}

/** A condition on connections. */
export interface ConnectionMatchState {
  readonly sniHosts: readonly string[];
  readonly destinationSubnets: readonly string[];
  readonly port: number;
  readonly sourceLabels: Labels;
  readonly sourceNamespace: string;
  readonly gateways: readonly string[];
}

/** A rule for connections. */
export interface ConnectionRouteState {
  readonly index: number;
  readonly matches: readonly ConnectionMatchState[];
  readonly destinations: readonly RouteDestinationState[];
}

/** A VirtualService: written as one, or made by istiod of routes of the Gateway API, which differ in what they answer where nobody is behind them. */
export interface VirtualServiceState extends Named {
  readonly semantics: "istio" | "gateway-api";
  readonly hosts: readonly string[];
  readonly gateways: readonly string[];
  readonly exportTo: readonly string[];
  readonly http: readonly HttpRouteState[];
  readonly tls: readonly ConnectionRouteState[];
  readonly tcp: readonly ConnectionRouteState[];
}

/** Stands for all sidecars among gateways. */
export const meshGateway = "mesh";

const sidecars: readonly string[] = [meshGateway];

export function readVirtualService(reader: Reader): VirtualServiceState {
  const spec = reader.record(Reflect.get(reader.object, "spec"), ["spec"]);
  const named = namedOf(reader);
  const { object, namespace, name } = named;
  const gateways = readGateways(reader, spec["gateways"], ["spec"]);
  // Written out: objects made by spreading are slow to make and to look at.
  return {
    semantics: "istio",
    object,
    namespace,
    name,
    hosts: reader.texts(spec["hosts"], ["spec"], "hosts"),
    gateways: gateways.length === 0 ? sidecars : gateways,
    exportTo: reader.texts(spec["exportTo"], ["spec"], "exportTo"),
    http: reader
      .list(spec["http"], ["spec"], "http")
      .map((item, index) => readHttpRoute(reader, named, item, index, ["spec", "http", index])),
    tls: readConnectionRoutes(reader, spec["tls"], "tls"),
    tcp: readConnectionRoutes(reader, spec["tcp"], "tcp"),
  };
}

/** `mesh`, and Gateways as `namespace/name`: one without a namespace is of the object's. */
function readGateways(reader: Reader, value: unknown, path: ValuePath): readonly string[] {
  const names = reader.texts(value, path, "gateways");
  if (names.length === 0) return names;
  const { namespace } = namedOf(reader);
  return names.map((name) => (name === meshGateway || name.includes("/") ? name : `${namespace}/${name}`));
}

function readHttpRoute(
  reader: Reader,
  { namespace }: Named,
  value: unknown,
  index: number,
  path: ValuePath,
): HttpRouteState {
  const route = reader.record(value, path);
  const delegate = reader.record(route["delegate"], path, "delegate");
  const rewrite = reader.record(route["rewrite"], path, "rewrite");
  const response = reader.record(route["directResponse"], path, "directResponse");
  const redirect = reader.record(route["redirect"], path, "redirect");
  const status = reader.integer(response["status"], () => [...path, "directResponse"], "status");
  const moved = reader.integer(redirect["redirectCode"], () => [...path, "redirect"], "redirectCode") ?? 301;
  const delegateName = reader.text(delegate["name"], () => [...path, "delegate"], "name");
  return {
    index,
    matches: reader
      .list(route["match"], path, "match")
      .map((item, at) => readHttpMatch(reader, item, [...path, "match", at])),
    destinations: readDestinations(reader, route["route"], () => [...path, "route"]),
    mirrors: readMirrors(reader, route, path),
    direct: isJsonObject(route["directResponse"])
      ? { status: status ?? 200, by: "directResponse" }
      : isJsonObject(route["redirect"])
        ? { status: moved, by: "redirect" }
        : undefined,
    delegate:
      delegateName === undefined
        ? undefined
        : {
            name: delegateName,
            namespace: reader.text(delegate["namespace"], [...path, "delegate"], "namespace") ?? namespace,
          },
    changes: {
      isSaid: isJsonObject(route["rewrite"]),
      authority: reader.text(rewrite["authority"], () => [...path, "rewrite"], "authority"),
      path: readPathRewrite(reader, rewrite, () => [...path, "rewrite"]),
    },
    headers: {
      isSaid: isJsonObject(route["headers"]),
      ...readHeaderOperations(reader, route["headers"], () => [...path, "headers"]),
    },
    fault: route["fault"] === undefined ? undefined : { abort: readAbort(reader, route["fault"], [...path, "fault"]) },
  };
}

function readPathRewrite(reader: Reader, rewrite: JsonObject, path: () => ValuePath): PathRewrite | undefined {
  if (isJsonObject(rewrite["uriRegexRewrite"])) {
    const place = (): ValuePath => [...path(), "uriRegexRewrite"];
    const { match, rewrite: text } = rewrite["uriRegexRewrite"];
    return patternRewrite(reader.text(match, place, "match"), reader.text(text, place, "rewrite"));
  }
  const by = reader.text(rewrite["uri"], path, "uri") ?? "";
  return by === "" ? undefined : { of: "match", by };
}

const wholePaths: ReadonlySet<string> = new Set([".*", ".+", "/.*", "^.*$", "^/.*$", "^/.*", "^.*"]);

/** A plain text, and what is behind it: `^/api/(.*)$`. */
const textAndRest = /^\^?((?:[\w/-]|\\\.)+)\(\.\*\)\$?$/;

/** A text, and what was behind: `/v1/\1`. */
const textBefore = /^([^\\]+)\\1$/;

/** Of regular expressions those are read that match every path as a whole, for a text, and those of a text and what is behind it. */
export function patternRewrite(match = "", by = ""): PathRewrite {
  if (wholePaths.has(match) && !by.includes("\\")) return { of: "all", by };
  const text = textAndRest.exec(match)?.[1]?.replaceAll("\\.", ".");
  const before = textBefore.exec(by)?.[1];
  return text === undefined || before === undefined ? { of: "pattern" } : { of: "text", text, by: before };
}

export const noOperations: HeaderOperations = { removed: [], set: new Map(), added: new Map() };

/** What `headers.request` says. */
function readHeaderOperations(reader: Reader, value: unknown, path: () => ValuePath): HeaderOperations {
  if (value === undefined) return noOperations;
  const place = [...path(), "request"];
  const request = reader.record(reader.record(value, path)["request"], path, "request");
  return headerOperations(
    reader.texts(request["remove"], place, "remove"),
    Object.entries(reader.textMap(request["set"], place, "set")),
    Object.entries(reader.textMap(request["add"], place, "add")),
  );
}

/** @param set names with their values, as `added`. */
export function headerOperations(
  removed: readonly string[],
  set: readonly (readonly [string, string])[],
  added: readonly (readonly [string, string])[],
): HeaderOperations {
  const lower = (pairs: readonly (readonly [string, string])[]): ReadonlyMap<string, string> =>
    new Map(pairs.map(([name, value]) => [name.toLowerCase(), value]));
  return { removed: removed.map((name) => name.toLowerCase()), set: lower(set), added: lower(added) };
}

function readAbort(reader: Reader, value: unknown, path: ValuePath): FaultState["abort"] {
  const abort = reader.record(reader.record(value, path)["abort"], path, "abort");
  const grpc = reader.text(abort["grpcStatus"], [...path, "abort"], "grpcStatus");
  const status =
    reader.integer(abort["httpStatus"], [...path, "abort"], "httpStatus") ??
    (grpc === undefined ? undefined : grpcStatuses.get(grpc));
  if (status === undefined) return undefined;
  const share = reader.record(abort["percentage"], [...path, "abort"], "percentage")["value"];
  // istiod writes whole parts of a million, and none where no share is said, which Envoy takes for 0 (route.go, TranslateFault).
  return { status, percent: typeof share === "number" ? Math.floor(share * 10_000) / 10_000 : 0 };
}

function readHttpMatch(reader: Reader, value: unknown, path: ValuePath): HttpMatchState {
  const match = reader.record(value, path);
  const one = (key: string): StringMatchState | undefined =>
    isJsonObject(match[key]) ? readStringMatch(reader, match[key], [...path, key]) : undefined;
  const many = (key: string, nameOf = (name: string): string => name): ReadonlyMap<string, StringMatchState> =>
    new Map(
      Object.entries(reader.record(match[key], path, key)).map(([name, item]) => [
        nameOf(name),
        readStringMatch(reader, item, [...path, key, name]),
      ]),
    );
  const [uri, scheme, method, authority] = [one("uri"), one("scheme"), one("method"), one("authority")];
  return {
    ...(uri && { uri }),
    ...(scheme && { scheme }),
    ...(method && { method }),
    ...(authority && { authority }),
    ignoreUriCase: reader.flag(match["ignoreUriCase"], path, "ignoreUriCase") ?? false,
    headers: many("headers", headerOrClaim),
    withoutHeaders: many("withoutHeaders", headerOrClaim),
    queryParams: many("queryParams"),
    port: reader.integer(match["port"], path, "port") ?? 0,
    sourceLabels: reader.textMap(match["sourceLabels"], path, "sourceLabels"),
    sourceNamespace: reader.text(match["sourceNamespace"], path, "sourceNamespace") ?? "",
    gateways: readGateways(reader, match["gateways"], path),
  };
}

function headerOrClaim(name: string): string {
  return routingClaim(name) ?? name;
}

function readStringMatch(reader: Reader, value: unknown, path: ValuePath): StringMatchState {
  const match = reader.record(value, path);
  for (const kind of ["exact", "prefix", "regex"] as const) {
    const text = reader.text(match[kind], path, kind);
    // `*` is no RE2: istiod takes it for any value that is there (route.go, canBeConvertedToPresentMatch).
    if (text !== undefined) return kind === "regex" && text === "*" ? anyThere : { kind, value: text };
  }
  return anyThere;
}

const anyThere: StringMatchState = { kind: "present", value: "" };

const noMirrors: readonly MirrorState[] = [];

function readMirrors(reader: Reader, route: JsonObject, path: ValuePath): readonly MirrorState[] {
  if (route["mirror"] === undefined && route["mirrors"] === undefined) return noMirrors;
  const several = reader.list(route["mirrors"], path, "mirrors").map((item, at) => {
    const place = ["mirrors", at] as const;
    return { value: reader.record(item, [...path, ...place])["destination"], place: [...place, "destination"] };
  });
  const all = [{ value: route["mirror"], place: ["mirror"] }, ...several].filter(({ value }) => value !== undefined);
  return all.map(({ value, place }) => ({
    destination: readDestination(reader, value, () => [...path, ...place]),
    path: place,
  }));
}

function readDestination(reader: Reader, value: unknown, path: () => ValuePath): MirrorState["destination"] {
  const destination = reader.record(value, path);
  const port = reader.record(destination["port"], path, "port");
  return {
    host: reader.text(destination["host"], path, "host") ?? "",
    subset: reader.text(destination["subset"], path, "subset") ?? "",
    port: reader.integer(port["number"], () => [...path(), "port"], "number"),
  };
}

function readDestinations(reader: Reader, value: unknown, path: () => ValuePath): readonly RouteDestinationState[] {
  return reader.list(value, path).map((item, at) => {
    const place = (): ValuePath => [...path(), at];
    const inside = (): ValuePath => [...place(), "destination"];
    const share = reader.record(item, place);
    const { host, subset, port } = readDestination(reader, share["destination"], inside);
    return {
      host,
      subset,
      port,
      weight: reader.integer(share["weight"], place, "weight") ?? 0,
      headers: readHeaderOperations(reader, share["headers"], () => [...place(), "headers"]),
    };
  });
}

function readConnectionRoutes(reader: Reader, value: unknown, field: "tls" | "tcp"): readonly ConnectionRouteState[] {
  return reader.list(value, ["spec", field]).map((item, index) => {
    const path: ValuePath = ["spec", field, index];
    const route = reader.record(item, path);
    return {
      index,
      matches: reader.list(route["match"], path, "match").map((entry, at) => {
        const place = [...path, "match", at];
        const match = reader.record(entry, place);
        return {
          sniHosts: reader.texts(match["sniHosts"], place, "sniHosts"),
          destinationSubnets: reader.texts(match["destinationSubnets"], place, "destinationSubnets"),
          port: reader.integer(match["port"], place, "port") ?? 0,
          sourceLabels: reader.textMap(match["sourceLabels"], place, "sourceLabels"),
          sourceNamespace: reader.text(match["sourceNamespace"], place, "sourceNamespace") ?? "",
          gateways: readGateways(reader, match["gateways"], place),
        };
      }),
      destinations: readDestinations(reader, route["route"], () => [...path, "route"]),
    };
  });
}
