import { isJsonObject } from "../../manifests";
import { listAt, textAt, valueAt } from "../../manifests/inside";
import { type Reader } from "../../manifests/reader";
import { type Named, namedOf } from "./named";

/** API group of the Gateway API, which istiod reads where its kinds are installed. */
export const gatewayApiGroup = "gateway.networking.k8s.io";

/** A Gateway or a route of the Gateway API. What it says of requests is not read. */
export interface GatewayApiState extends Named {
  /**
   * Services whose calls a route takes over from sidecars (its parents, as the initiative GAMMA has them): of callers everywhere where the
   * Service is of the route's own namespace, of those in the route's namespace otherwise.
   */
  readonly services: readonly {
    readonly namespace: string;
    readonly name: string;
    readonly port: number | undefined;
  }[];
  /** Whether it leads to Services of other namespaces. */
  readonly leadsElsewhere: boolean;
}

/** Kinds by which istiod makes routes. */
export const gatewayApiKinds: ReadonlySet<string> = new Set([
  "Gateway",
  "HTTPRoute",
  "GRPCRoute",
  "TCPRoute",
  "TLSRoute",
]);

/** Undefined for a kind by which istiod makes no route. */
export function readGatewayApi(reader: Reader): GatewayApiState | undefined {
  const { object } = reader;
  if (!gatewayApiKinds.has(object.kind)) return undefined;
  const named = namedOf(reader);
  const spec = valueAt(object, "spec");
  const namespaceOf = (ref: unknown): string => textAt(ref, "namespace") ?? named.namespace;
  const backends = listAt(spec, "rules").flatMap((rule) => listAt(rule, "backendRefs"));
  return {
    ...named,
    services: listAt(spec, "parentRefs")
      .filter(isJsonObject)
      .filter((ref) => ref["kind"] === "Service" && (ref["group"] ?? gatewayApiGroup) === "")
      .map((ref) => ({
        namespace: namespaceOf(ref),
        name: textAt(ref, "name") ?? "",
        port: typeof ref["port"] === "number" ? ref["port"] : undefined,
      })),
    leadsElsewhere: backends.some((ref) => namespaceOf(ref) !== named.namespace),
  };
}
