import { type Labels } from "../../cluster/workloads";
import { isJsonObject } from "../../manifests";
import { listAt, textAt, valueAt } from "../../manifests/inside";
import { type Reader } from "../../manifests/reader";
import { requestMethods } from "../../request/request-set";
import { type RequestPart } from "../request-rules";
import { shadowSpec, type Shadowed } from "../shadow-rules";
import { type Named, namedOf } from "./named";

/** An EnvoyFilter. */
export interface EnvoyFilterState extends Named {
  /** Labels that pods have to have. Empty for every pod. */
  readonly selector: Labels;
  /** What it holds requests against, where it is nothing but shadow rules as a conversion writes them; otherwise it is not read. */
  readonly shadow: readonly Shadowed[] | undefined;
}

export function readEnvoyFilter(reader: Reader): EnvoyFilterState {
  const spec = reader.record(Reflect.get(reader.object, "spec"), ["spec"]);
  const workloads = reader.record(spec["workloadSelector"], ["spec"], "workloadSelector");
  const selector = reader.textMap(workloads["labels"], ["spec", "workloadSelector"], "labels");
  return { ...namedOf(reader), selector, shadow: shadowOf(spec, selector) };
}

/** What is written of it again has to be what is there: so nothing is passed over. */
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
