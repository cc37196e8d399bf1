import { type KubernetesObject, type ValuePath } from "../manifests";

/** One call that somebody makes. */
export interface CallRequest {
  /**
   * Who calls: `namespace/service account`, `outside` of the mesh, or `outside:` with an IPv4 address or CIDR; each with ` as NAME` for
   * one that shows a client certificate of the mesh's authority with that name, by TLS of its own.
   */
  readonly from: string;
  /** Where the connection goes: host (name of a Service, in any of its forms, or an address) and port. */
  readonly to: string;
  readonly protocol: "http" | "tcp";
  /** Default: `GET`. */
  readonly method?: string;
  /** With or without a query. Default: `/`. */
  readonly path?: string;
  /**
   * Names in any case. Several values are a header that is sent several times. Claims of a token that the caller sends are among them, as
   * `request.auth.claims[iss]`; several values are a list. Without any it sends none.
   */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Host header. Default: `to`. */
  readonly host?: string;
  /** Server name of the caller's own TLS; empty for TLS without one. Default: no TLS. */
  readonly serverName?: string;
}

/** What a call ends with, if it always ends the same way. */
export type Outcome = "allowed" | "denied" | "no-route" | "refused" | "unavailable";

/** How a call ends. */
export interface Answer {
  readonly outcome: Outcome;
  /** HTTP status, where it is another than {@link statusOf} gives for the outcome. */
  readonly status?: number;
}

/**
 * What decides between outcomes; `network` what the objects do not tell of the network below the mesh, `proxy-version` that
 * Envoys of different ages read a header differently, `request-id` the random one that the first sidecar adds,
 * `external-authorization` a service that is asked, `not-followed` what this analysis does not follow.
 */
export type VariesBy =
  | "route-order"
  | "endpoint"
  | "split"
  | "network"
  | "proxy-version"
  | "request-id"
  | "external-authorization"
  | "not-followed";

/** What may stop a call: the mesh, or the network policies below it. */
export type Layer = "mesh" | "network";

/** Why a call ends as it does, with the object that says so where there is one. */
export interface Reason {
  readonly text: string;
  readonly object?: KubernetesObject;
  readonly path?: ValuePath;
}

/** The answer to a {@link CallRequest}. */
export interface Verdict {
  readonly outcome: Outcome | "varies";
  /** HTTP status; null where there is none: a refused call, a TCP connection, or one that varies. */
  readonly status: number | null;
  /**
   * Share of the calls that each Service answers, by `namespace/name`; null where what is not defined decides it, such as the order of
   * routes. Shares of calls that fail are left out.
   */
  readonly backends: Readonly<Record<string, number | null>>;
  /** The same by subsets of their pods, `namespace/name subset`, where the mesh leads to any. */
  readonly subsets?: Readonly<Record<string, number | null>>;
  readonly because: readonly Reason[];
  /** All that can happen, where it varies. */
  readonly outcomes?: readonly Outcome[];
  readonly variesBy?: VariesBy;
  /** What the answer rests on and is not so, in sentences; absent where there is nothing. */
  readonly unmetAssumptions?: readonly string[];
  /** Which layers may stop it, where the network is one of them. */
  readonly stoppedBy?: readonly Layer[];
}

/** HTTP status of an answer. */
export function statusOf({ outcome, status }: Answer, protocol: CallRequest["protocol"]): number | null {
  if (protocol === "tcp") return null;
  if (status !== undefined) return status;
  switch (outcome) {
    case "allowed":
      return 200;
    case "denied":
      return 403;
    case "no-route":
      return 404;
    case "unavailable":
      return 503;
    case "refused":
      return null;
  }
}

/** Ports that clients leave out of the Host header: of HTTP in plain text and in TLS. */
const defaultPorts = { plain: ":80", tls: ":443" } as const;

/** The Host header of a request: the one that it says, or else where it goes, as clients write it: without a port that goes without saying. */
export function hostHeaderOf({ host, to, serverName }: Pick<CallRequest, "host" | "to" | "serverName">): string {
  if (host !== undefined) return host;
  const port = serverName === undefined ? defaultPorts.plain : defaultPorts.tls;
  return to.endsWith(port) ? to.slice(0, -port.length) : to;
}

/** A request in one line, as a person would write it. */
export function describeRequest(request: CallRequest): string {
  const { serverName } = request;
  const tls = serverName === undefined ? "" : serverName === "" ? "TLS without a server name" : `TLS to ${serverName}`;
  if (request.protocol === "tcp") return `${request.from} → ${request.to} (${tls === "" ? "TCP" : tls})`;
  const headers = Object.entries(request.headers ?? {}).map(([name, value]) => ` ${name}: ${String(value)}`);
  const host = request.host === undefined ? "" : ` Host: ${request.host}`;
  return `${request.from} → ${request.to} ${request.method ?? "GET"} ${request.path ?? "/"}${headers.join(",")}${host}${tls === "" ? "" : ` (${tls})`}`;
}
