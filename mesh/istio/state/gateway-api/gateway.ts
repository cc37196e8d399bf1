import { isJsonObject } from "../../../manifests";
import { listAt, textAt, valueAt } from "../../../manifests/inside";
import { type Reader } from "../../../manifests/reader";
import { type LabelSelector, readSelector } from "../../../network-policies/selector";
import { type Named, namedOf } from "../named";

/** A port of a Gateway, for a name or for all. */
export interface ListenerState {
  readonly name: string;
  readonly port: number;
  /** Such as `HTTP`. */
  readonly protocol: string;
  /** Lower case, and may begin with `*.`; empty for any. */
  readonly hostname: string;
  /** Namespaces whose routes may be attached. */
  readonly from: "Same" | "All" | LabelSelector;
  /** Kinds of routes that may be; undefined for those of its protocol. */
  readonly kinds: readonly string[] | undefined;
  readonly tls: "none" | "ended" | "other";
}

/** A Gateway of the Gateway API. */
export interface KubernetesGatewayState extends Named {
  readonly className: string;
  /** The pods and the Service that istiod makes for it; undefined where it is served by those of others. */
  readonly managed:
    { readonly service: string; readonly serviceAccount: string; readonly exposed: boolean } | undefined;
  /** Names of the Services by which it is served, where others make them. */
  readonly addresses: readonly string[];
  readonly listeners: readonly ListenerState[];
}

const annotations = {
  service: "gateway.istio.io/name-override",
  serviceAccount: "gateway.istio.io/service-account",
  type: "networking.istio.io/service-type",
} as const;

export function readKubernetesGateway(reader: Reader): KubernetesGatewayState {
  const { object } = reader;
  const named = namedOf(reader);
  const spec = reader.record(Reflect.get(object, "spec"), ["spec"]);
  const className = reader.text(spec["gatewayClassName"], ["spec"], "gatewayClassName") ?? "";
  const own = reader.textMap(object.metadata.annotations, ["metadata", "annotations"]);
  const addresses = listAt(spec, "addresses");
  const usual = `${named.name}-${className}`;
  // Clients may be asked for certificates by what is said for all listeners.
  const asksClients = isJsonObject(valueAt(spec, "tls", "frontend"));
  return {
    ...named,
    className,
    managed: isManaged(addresses)
      ? {
          service: own[annotations.service] ?? usual,
          serviceAccount: own[annotations.serviceAccount] ?? usual,
          exposed: own[annotations.type] !== "ClusterIP",
        }
      : undefined,
    addresses: addresses.flatMap((one) => (textAt(one, "type") === hostname ? (textAt(one, "value") ?? []) : [])),
    listeners: reader
      .list(spec["listeners"], ["spec"], "listeners")
      .map((item, index) => readListener(reader, item, index, asksClients)),
  };
}

const hostname = "Hostname";

/** istiod makes pods for a Gateway without an address, or with one number for its Service (gatewaycommon, IsManaged). */
function isManaged(addresses: readonly unknown[]): boolean {
  const [first] = addresses;
  return addresses.length === 0 || (addresses.length === 1 && (textAt(first, "type") ?? "IPAddress") === "IPAddress");
}

function readListener(reader: Reader, value: unknown, index: number, asksClients: boolean): ListenerState {
  const path = ["spec", "listeners", index];
  const listener = reader.record(value, path);
  const allowed = reader.record(listener["allowedRoutes"], path, "allowedRoutes");
  const kinds = listAt(allowed, "kinds").flatMap((one) => textAt(one, "kind") ?? []);
  const protocol = reader.text(listener["protocol"], path, "protocol") ?? "";
  return {
    name: reader.text(listener["name"], path, "name") ?? "",
    port: reader.integer(listener["port"], path, "port") ?? 0,
    protocol,
    hostname: (reader.text(listener["hostname"], path, "hostname") ?? "").toLowerCase(),
    from: readNamespaces(reader, allowed["namespaces"], [...path, "allowedRoutes", "namespaces"]),
    kinds: kinds.length === 0 ? undefined : kinds,
    tls: tlsOf(listener["tls"], protocol, asksClients),
  };
}

function readNamespaces(reader: Reader, value: unknown, path: readonly (string | number)[]): ListenerState["from"] {
  const from = textAt(value, "from") ?? "Same";
  if (from === "Same" || from === "All") return from;
  return readSelector(reader, valueAt(value, "selector"), [...path, "selector"]);
}

/** Istio's own option, by which clients are asked for certificates. */
const terminateMode = "gateway.istio.io/tls-terminate-mode";

function tlsOf(tls: unknown, protocol: string, asksClients: boolean): ListenerState["tls"] {
  if (!isJsonObject(tls)) return "none";
  const ends = (textAt(tls, "mode") ?? "Terminate") === "Terminate";
  const isPlain = !asksClients && (textAt(tls, "options", terminateMode) ?? "ISTIO_SIMPLE") === "ISTIO_SIMPLE";
  return ends && isPlain && protocol === "HTTPS" ? "ended" : "other";
}
