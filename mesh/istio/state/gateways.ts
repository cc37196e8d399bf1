import { type Labels, type PodState } from "../../cluster/workloads";
import { isSubset } from "../labels";
import { type Reader } from "../../manifests/reader";
import { type Named, namedOf } from "./named";

/**
 * What a server makes of connections: `http` reads requests in plain text, `https` those in TLS that it ends; `tcp` passes bytes on, `tls` those in TLS
 * that it ends, `passthrough` TLS as it is. `other` asks for certificates, or leads by names of clusters, and is not followed.
 */
export type ServerKind = "http" | "https" | "tcp" | "tls" | "passthrough" | "other";

/** A port that a Gateway opens. */
export interface GatewayServerState {
  /** The number of the gateway's Service's port, where that has one of this number; else the pods' own. */
  readonly port: number;
  /** As written, in upper case, such as `HTTP` or `TLS`. */
  readonly protocol: string;
  readonly kind: ServerKind;
  /** `namespace/host`, or `host` for all namespaces, which may begin with `*`; capital letters as written. */
  readonly hosts: readonly string[];
  /** Whether whoever comes in plain text is sent to HTTPS. */
  readonly redirects: boolean;
  /** Whether anything is said of TLS, be it a redirect to HTTPS alone. */
  readonly hasTls: boolean;
  /** The address that it listens at; empty for all of the pod's. */
  readonly bind: string;
}

/** A Gateway. */
export interface GatewayState extends Named {
  /** Of the gateways' pods. */
  readonly selector: Labels;
  /** Where those are; undefined for any namespace. */
  readonly podNamespace: string | undefined;
  readonly servers: readonly GatewayServerState[];
}

/** Whether a Gateway is for a pod. */
export function isServedBy({ selector, podNamespace }: GatewayState, pod: PodState): boolean {
  return isSubset(selector, pod.labels) && (podNamespace ?? pod.namespace) === pod.namespace;
}

/** What Gateways may have on a port whose requests are read in plain text (pkg/config/protocol, IsHTTP). */
const plainProtocols: ReadonlySet<string> = new Set(["HTTP", "HTTP2", "GRPC", "GRPC-WEB"]);

export function readGateway(reader: Reader): GatewayState {
  const spec = reader.record(Reflect.get(reader.object, "spec"), ["spec"]);
  const named = namedOf(reader);
  return {
    ...named,
    selector: reader.textMap(spec["selector"], ["spec"], "selector"),
    podNamespace: undefined,
    servers: reader.list(spec["servers"], ["spec"], "servers").map((item, index) => {
      const path = ["spec", "servers", index];
      const server = reader.record(item, path);
      const port = reader.record(server["port"], path, "port");
      const tls = reader.record(server["tls"], path, "tls");
      const protocol = (reader.text(port["protocol"], [...path, "port"], "protocol") ?? "").toUpperCase();
      const hasTls = server["tls"] !== undefined && server["tls"] !== null;
      // Left out it is the first of its values.
      const mode = hasTls ? (reader.text(tls["mode"], [...path, "tls"], "mode") ?? "PASSTHROUGH") : undefined;
      return {
        port: reader.integer(port["number"], [...path, "port"], "number") ?? 0,
        protocol,
        kind: kindOf(protocol, mode),
        hosts: withNamespaces(reader.texts(server["hosts"], path, "hosts"), named.namespace),
        hasTls,
        bind: reader.text(server["bind"], path, "bind") ?? "",
        redirects: reader.flag(tls["httpsRedirect"], [...path, "tls"], "httpsRedirect") === true,
      };
    }),
  };
}

function kindOf(protocol: string, mode: string | undefined): ServerKind {
  if (plainProtocols.has(protocol)) return "http";
  switch (mode) {
    case undefined:
      return "tcp";
    case "PASSTHROUGH":
      return "passthrough";
    case "SIMPLE":
      return protocol === "HTTPS" ? "https" : "tls";
    default:
      return "other";
  }
}

/** Stands for all hosts of all namespaces, and takes the place of the others of its server. */
export const anyHost = "*/*";

/** A server's hosts with the names of their namespaces: `.` is the Gateway's own, and one for all goes without (sanitizeServerHostNamespace). */
function withNamespaces(hosts: readonly string[], own: string): readonly string[] {
  if (hosts.includes(anyHost)) return ["*"];
  return hosts.map((host) => {
    const slash = host.indexOf("/");
    if (slash < 0) return host;
    const [space, name] = [host.slice(0, slash), host.slice(slash + 1)];
    return space === "*" ? name : `${space === "." ? own : space}/${name}`;
  });
}
