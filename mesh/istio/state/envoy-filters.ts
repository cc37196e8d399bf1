import { type Bucket } from "../../analysis/call-limits";
import { type Labels } from "../../cluster/workloads";
import { isJsonObject } from "../../manifests";
import { listAt, numberAt, textAt, valueAt } from "../../manifests/inside";
import { type Reader } from "../../manifests/reader";
import { requestMethods } from "../../request/request-set";
import { type RatedPort, type RatedRequests, rateFilter, rateSpec } from "../rate-limits";
import { type RequestPart } from "../request-rules";
import { shadowSpec, type Shadowed } from "../shadow-rules";
import { type Named, namedOf } from "./named";

/** An EnvoyFilter. */
export interface EnvoyFilterState extends Named {
  /** Labels that pods have to have. Empty for every pod. */
  readonly selector: Labels;
  /** What it holds requests against, where it is nothing but shadow rules as a conversion writes them. */
  readonly shadow: readonly Shadowed[] | undefined;
  /** What it bounds, where it is nothing but rates as a conversion writes them. What is neither of the two is not read. */
  readonly rates: readonly RatedPort[] | undefined;
}

export function readEnvoyFilter(reader: Reader): EnvoyFilterState {
  const spec = reader.record(Reflect.get(reader.object, "spec"), ["spec"]);
  const workloads = reader.record(spec["workloadSelector"], ["spec"], "workloadSelector");
  const selector = reader.textMap(workloads["labels"], ["spec", "workloadSelector"], "labels");
  return { ...namedOf(reader), selector, shadow: shadowOf(spec, selector), rates: ratesOf(spec, selector) };
}

/** What is written of it again has to be what is there: so nothing is passed over. */
function ratesOf(spec: Readonly<Record<string, unknown>>, selector: Labels): readonly RatedPort[] | undefined {
  const ports = new Map<number, RatedPort>();
  for (const { applyTo, match, patch } of listAt(spec, "configPatches").filter(isJsonObject)) {
    const port = numberAt(match, "listener", "portNumber") ?? numberAt(match, "routeConfiguration", "portNumber") ?? 0;
    const known = ports.get(port) ?? { port, isGrpc: false, connections: undefined, requests: [] };
    const value = valueAt(patch, "value");
    if (applyTo === "NETWORK_FILTER") {
      ports.set(port, { ...known, connections: bucketIn(valueAt(value, "typed_config")) });
    } else if (applyTo === "HTTP_ROUTE") {
      const isGrpc = valueAt(value, "route", "retry_policy") === undefined;
      ports.set(port, { ...known, isGrpc, requests: [ratedIn(value), ...known.requests] });
    }
  }
  const all = [...ports.values()];
  return all.length > 0 && canonical(rateSpec(selector, all)) === canonical(spec) ? all : undefined;
}

function ratedIn(route: unknown): RatedRequests {
  const config = valueAt(route, "typed_per_filter_config", rateFilter);
  return {
    service: (textAt(route, "name") ?? "").split(".").slice(3).join("."),
    path: textAt(route, "match", "safe_regex", "regex"),
    bucket: { ...bucketIn(config), status: numberAt(config, "status", "code") ?? 0 },
    headers: listAt(config, "response_headers_to_add").map((one) => ({
      name: textAt(one, "header", "key") ?? "",
      value: textAt(one, "header", "value") ?? "",
    })),
  };
}

function bucketIn(config: unknown): Bucket {
  const amount = numberAt(config, "token_bucket", "tokens_per_fill") ?? 0;
  return {
    amount,
    burst: (numberAt(config, "token_bucket", "max_tokens") ?? 0) - amount,
    seconds: Number.parseInt(textAt(config, "token_bucket", "fill_interval") ?? "0", 10),
  };
}

/** Likewise. */
function shadowOf(spec: Readonly<Record<string, unknown>>, selector: Labels): readonly Shadowed[] | undefined {
  const policies = valueAt(spec, "configPatches", 0, "patch", "value", "typed_config", "shadow_rules", "policies");
  if (!isJsonObject(policies)) return undefined;
  const all = Object.values(policies).map(shadowedOf);
  return canonical(shadowSpec(selector, all)) === canonical(spec) ? all : undefined;
}

/** Equal for values that differ in the order of their keys alone. */
function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_, inside: unknown) =>
    isJsonObject(inside) ? Object.fromEntries(Object.entries(inside).sort(([a], [b]) => (a < b ? -1 : 1))) : inside,
  );
}

function shadowedOf(policy: unknown): Shadowed {
  const permissions = listAt(policy, "permissions").map((permission) => listAt(permission, "and_rules", "rules"));
  const [first = []] = permissions;
  return {
    principals: listAt(policy, "principals").map((one) =>
      (textAt(one, "authenticated", "principal_name", "exact") ?? "").replace(/^spiffe:\/\//, ""),
    ),
    ports: listAt(first[0], "or_rules", "rules").map((one) => String(valueAt(one, "destination_port"))),
    hosts: listAt(first[1], "or_rules", "rules").map((one) => textAt(one, "header", "string_match", "exact") ?? ""),
    parts: permissions.map(([, , path, ...others]) => partOf(path, others)),
  };
}

function partOf(path: unknown, others: readonly unknown[]): RequestPart {
  const named = others.flatMap((one) => listAt(one, "or_rules", "rules"));
  const methods = named.map((one) => textAt(one, "header", "string_match", "exact"));
  const headers = others.flatMap((one) => {
    const name = textAt(one, "header", "name") ?? "";
    const source = textAt(one, "header", "string_match", "safe_regex", "regex") ?? "";
    return name === "" ? [] : [[name, { absent: false, values: { source } }] as const];
  });
  return {
    methods: requestMethods.reduce(
      (bits, method, index) => (named.length === 0 || methods.includes(method) ? bits | (1 << index) : bits),
      0,
    ),
    path: { source: textAt(path, "url_path", "path", "safe_regex", "regex") ?? "" },
    headers: new Map(headers),
  };
}
