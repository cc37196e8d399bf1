import { type AccountKey } from "../cluster/keys";
import { type Labels } from "../cluster/workloads";
import { requestMethods } from "../request/request-set";
import { type Condition, type EnvoyFilter, type EnvoyFilterSpec, istioKinds } from "./kinds";
import { type Envelope, type RequestPart } from "./request-rules";

/** Goes before what the filter writes down, so that it is not taken for what Istio's own dry runs write. */
const prefix = "aksmesh_";

/**
 * What an AuthorizationPolicy asks of a request that {@link shadowRules} have looked at. Where they have not, because the EnvoyFilter is
 * missing or refused, nothing is written down, and the request is refused.
 */
export const metByShadowRules: Condition = {
  key: `experimental.envoy.filters.http.rbac[${prefix}shadow_engine_result]`,
  values: ["allowed"],
};

/** Requests, and who may send them. */
export interface Shadowed extends Envelope {
  readonly parts: readonly RequestPart[];
}

type Json = Readonly<Record<string, unknown>>;

/**
 * A second RBAC filter before Istio's own, of which only the shadow rules count: patterns as Envoy reads them. It refuses nothing itself.
 * Undefined where a part has no pattern of its own.
 */
export function shadowRules(
  account: AccountKey,
  labels: Labels,
  index: number,
  all: readonly Shadowed[],
): EnvoyFilter | undefined {
  const [namespace = "", name = ""] = account.split("/");
  const spec = shadowSpec(labels, all);
  return (
    spec && {
      apiVersion: istioKinds.EnvoyFilter.apiVersion,
      kind: "EnvoyFilter",
      metadata: { name: index === 0 ? `shadow-${name}` : `shadow-${name}-${String(index + 1)}`, namespace },
      spec,
    }
  );
}

/** Specification of such an EnvoyFilter. */
export function shadowSpec(labels: Labels, all: readonly Shadowed[]): EnvoyFilterSpec | undefined {
  const policies: [string, Json][] = [];
  for (const [at, { principals, ports, hosts = [], parts }] of all.entries()) {
    const permissions = parts.map(permissionOf);
    if (!permissions.every((permission) => permission !== undefined)) return undefined;
    policies.push([
      `grant-${String(at + 1)}`,
      {
        permissions: permissions.map((permission) =>
          allOf([
            anyOf(ports.map((port) => ({ destination_port: Number(port) }))),
            anyOf(
              hosts.map((host) => ({
                header: { name: ":authority", string_match: { exact: host, ignore_case: true } },
              })),
            ),
            ...permission,
          ]),
        ),
        principals: principals.map((principal) => ({
          authenticated: { principal_name: { exact: `spiffe://${principal}` } },
        })),
      },
    ]);
  }
  return {
    workloadSelector: { labels },
    configPatches: [
      {
        applyTo: "HTTP_FILTER",
        match: {
          context: "SIDECAR_INBOUND",
          listener: { filterChain: { filter: { name: "envoy.filters.network.http_connection_manager" } } },
        },
        patch: {
          operation: "INSERT_FIRST",
          value: {
            name: "aks-mesh.shadow",
            typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
              shadow_rules: { action: "ALLOW", policies: Object.fromEntries(policies) },
              shadow_rules_stat_prefix: prefix,
            },
          },
        },
      },
    ],
  };
}

/** All of these hold. */
function allOf(rules: readonly Json[]): Json {
  return { and_rules: { rules } };
}

/** Any of these holds. */
function anyOf(rules: readonly Json[]): Json {
  return { or_rules: { rules } };
}

/** What a part asks of method, path and headers; undefined where it is no pattern. */
function permissionOf({ methods, path, headers }: RequestPart): readonly Json[] | undefined {
  if (!("source" in path)) return undefined;
  const rules: Json[] = [{ url_path: { path: { safe_regex: { regex: path.source } } } }];
  const named = requestMethods.filter((_, index) => (methods & (1 << index)) !== 0);
  if (named.length < requestMethods.length) {
    rules.push(anyOf(named.map((method) => ({ header: { name: ":method", string_match: { exact: method } } }))));
  }
  for (const [name, { absent, values }] of headers) {
    if (absent || !("source" in values)) return undefined;
    rules.push({ header: { name, string_match: { safe_regex: { regex: values.source } } } });
  }
  return rules;
}
