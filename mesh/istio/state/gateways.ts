import { type Labels, type PodState } from "../../cluster/workloads";
import { isSubset } from "../labels";
import { type Reader } from "../../manifests/reader";
import { type Named, namedOf } from "./named";

/** A port that a Gateway opens. */
export interface GatewayServerState {
  /** The number of the gateway's Service's port, where that has one of this number; else the pods' own. */
  readonly port: number;
  /** As written, in upper case, such as `HTTP` or `TLS`. */
  readonly protocol: string;
  /** `namespace/host` or `host`, which may begin with `*`. */
  readonly hosts: readonly string[];
  /** Whether whoever comes in plain text is sent to HTTPS. */
  readonly redirects: boolean;
  /** Whether anything is said of TLS, be it a redirect to HTTPS alone. */
  readonly hasTls: boolean;
  /** The address that it listens at; empty for all of the pod's. */
  readonly bind: string;
  /** Whether it ends TLS without asking for a client's certificate, and reads the requests in it. */
  readonly endsTls: boolean;
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

export function readGateway(reader: Reader): GatewayState {
  const spec = reader.record(Reflect.get(reader.object, "spec"), ["spec"]);
  return {
    ...namedOf(reader),
    selector: reader.textMap(spec["selector"], ["spec"], "selector"),
    podNamespace: undefined,
    servers: reader.list(spec["servers"], ["spec"], "servers").map((item, index) => {
      const path = ["spec", "servers", index];
      const server = reader.record(item, path);
      const port = reader.record(server["port"], path, "port");
      const tls = reader.record(server["tls"], path, "tls");
      const protocol = (reader.text(port["protocol"], [...path, "port"], "protocol") ?? "").toUpperCase();
      // Left out it is PASSTHROUGH, the first of its values.
      const mode = reader.text(tls["mode"], [...path, "tls"], "mode");
      return {
        port: reader.integer(port["number"], [...path, "port"], "number") ?? 0,
        protocol,
        hosts: reader.texts(server["hosts"], path, "hosts").map((host) => host.toLowerCase()),
        hasTls: server["tls"] !== undefined && server["tls"] !== null,
        bind: reader.text(server["bind"], path, "bind") ?? "",
        redirects: reader.flag(tls["httpsRedirect"], [...path, "tls"], "httpsRedirect") === true,
        endsTls: protocol === "HTTPS" && mode === "SIMPLE",
      };
    }),
  };
}
