import { hostHeaderOf } from "../request/request";
import { type Address } from "../cluster/dns";
import { type AccountKey } from "../cluster/keys";
import { type KubernetesObject, type Positions, type Problem } from "../manifests";
import { type PathNormalization } from "../request/path-normalization";
import { type CallTree } from "./call-tree";
import { type BoundedCall, type CallLimit } from "./call-limits";
import { type AdmissionFinding, type Finding } from "./finding";

/** One port of a Service, under one of the names that lead to it. */
export interface ServicePort {
  /** The Service, `namespace/name`; empty for a host outside of the cluster. */
  readonly service: string;
  readonly namespace: string;
  /** The Service's name, or `<pod>.<service>` for a pod that a headless Service names. */
  readonly name: string;
  /** Its full name. */
  readonly host: string;
  readonly port: number;
  /** The pods' port; 0 where nothing tells it. */
  readonly targetPort: number;
  /** As the objects write it. */
  readonly protocol: string;
  /** What sidecars take it for; undefined where they know nothing to do with it. */
  readonly kind: "http" | "tcp" | undefined;
  /** Callers speak TLS of their own to it, with this server name; it is empty where they send none. */
  readonly tls?: { readonly serverName: string };
  /** Of addresses outside of the cluster the CIDR that the objects open: `host` is one in it. */
  readonly range?: string;
  /** All the full names that lead to it. */
  readonly hosts: readonly string[];
}

/** What happens to the calls of some callers to one port of a service, under the service's full name. */
export interface AccessEntry {
  /**
   * The callers, `namespace/service account`, or `outside`, with ` as NAME` where they show a client certificate. More than one where
   * the mesh makes no difference between them.
   */
  readonly callers: readonly string[];
  readonly service: ServicePort;
  readonly tree: CallTree;
}

/** Who may call whom. */
export interface Access {
  /** Every service account that runs pods or that policies name as a caller. */
  readonly callers: readonly AccountKey[];
  /** Those of the callers that policies name and that nothing runs as, where the objects show who runs in their namespaces. */
  readonly unseen: readonly AccountKey[];
  /** Callers outside of the mesh, by the addresses that the objects tell apart: `outside`, `outside:10.0.0.0/8`. */
  readonly outsiders: readonly string[];
  readonly services: readonly ServicePort[];
  /** Hosts outside of the cluster that the objects name, and one that stands for all others. */
  readonly hosts: readonly ServicePort[];
  readonly entries: readonly AccessEntry[];
  /** What happens to calls that are not here; undefined where none of them passes, each in its own way. */
  readonly otherwise: "refused" | undefined;
}

/** A service account that calls. */
export interface Account {
  readonly kind: "account";
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** The service account of this key, as a caller. */
export function accountCaller(key: AccountKey): Account {
  const [namespace = "", serviceAccount = ""] = key.split("/");
  return { kind: "account", namespace, serviceAccount };
}

/** Somebody outside of the mesh. */
export interface Outsider {
  readonly kind: "outside";
  /** IPv4. */
  readonly address: string;
}

/** Who calls. */
export type Caller = Account | Outsider;

/** What objects tell apart of callers without a sidecar. */
export interface Boundary {
  /** CIDRs of callers outside of the mesh. */
  readonly ranges: readonly string[];
  /** CIDRs of what is called outside of the cluster. */
  readonly calledRanges: readonly string[];
  /** Names in client certificates. Those of the mesh's authority that no object names are told apart from none, too. */
  readonly principals: readonly string[];
  /**
   * By each way that lets callers without a sidecar come in, in plain text and by TLS: ports of Services, and without a `service` the names
   * under which gateways are called from outside.
   */
  readonly entrances: readonly ServicePort[];
}

/** What is sent, as far as it decides where a call goes. */
export interface Sent {
  /** Host header; undefined for bytes that are not HTTP. */
  readonly authority?: string | undefined;
  /** Server name of the caller's own TLS: empty where it sends none, undefined where it speaks no TLS. */
  readonly serverName?: string | undefined;
  /** Name in the client certificate that it shows in that, of the mesh's authority; undefined where it shows none. */
  readonly principal?: string | undefined;
}

/** Something that answers about an account's pods rest on and is not so. */
export interface UnmetAssumption {
  /** A sentence. */
  readonly text: string;
  /** Whether calls may pass for want of it that are said not to; those that are said to pass may always fail. */
  readonly mayOpen: boolean;
}

/** An object that decides over calls and is not read. */
export interface Unread {
  readonly object: KubernetesObject;
  /** Of whose pods, where it is of one namespace's. */
  readonly namespace: string | undefined;
  /** `network`: it decides beside NetworkPolicies, below the mesh. `sidecar`: it may change anything that sidecars do. */
  readonly layer: "network" | "sidecar";
  /** What it shows and is not followed, a sentence. Default: that it may decide otherwise. */
  readonly why?: string;
}

/** A set of objects, and what a mesh makes of them. Everything is computed when it is asked for, and remembered. */
export interface Mesh {
  /** What the objects leave open and was assumed, in sentences. */
  readonly assumptions: readonly string[];
  /** What answers about an account's pods rest on and is not so; accounts without any are not there. */
  unmetAssumptions(): ReadonlyMap<AccountKey, readonly UnmetAssumption[]>;
  /** Objects that decide over calls and that the analysis does not read. */
  readonly unread: readonly Unread[];
  /** What cannot be read as the API server or the mesh would. */
  readonly problems: readonly Problem[];
  readonly positions: Positions;
  /** Of whom and what "proved" is said of it: to be said in the same sentence. */
  readonly extent: string;
  /** What its sidecars do to paths before they look at them: sets of requests are those of paths that this leaves alone. */
  readonly pathNormalization: PathNormalization;
  /** What holds of all callers alike, in a sentence; undefined where nothing does. */
  readonly everyone: string | undefined;
  /** The whole relation. */
  access(): Access;
  /** Where and how callers without a sidecar may come in. */
  boundary(): Boundary;
  /** What happens to a caller's calls to an address. */
  callTree(from: Caller, to: Address, sent: Sent): CallTree;
  /**
   * Host headers, beside a Service's own names, under which calls to it may be answered otherwise than under one that nobody names: one for
   * each way in which what decides over them tells them apart.
   *
   * @param answeredBy the only Service, `namespace/name`, whose answers count. Default: the one that is called.
   * @throws {TooComplexError}
   */
  authorities(to: Pick<ServicePort, "service" | "host" | "port" | "tls">, answeredBy?: string): readonly string[];
  /** Tells callers of a port of a Service apart: equal for those of whom each is answered as the others, whatever they send there. */
  likeness(to: Pick<ServicePort, "service" | "port">): (caller: AccountKey) => string;
  /** The limits that hold a call that passes. */
  limitsOf(call: BoundedCall): readonly CallLimit[];
  /** Whether calls of the account that the relation does not have may yet be more than refused. */
  hasOtherWays(caller: AccountKey): boolean;
  /** Calls of pods to themselves, which no sidecar sees. */
  ownCalls(): Iterable<{ readonly caller: AccountKey; readonly service: ServicePort }>;
  /** Every service account that the objects know, in the mesh or not; undefined where they tell of no pod and no account. */
  knownAccounts(): ReadonlySet<AccountKey> | undefined;
  /** Service accounts whose pods a service leads to. */
  accountsBehind(service: Pick<ServicePort, "service">): readonly AccountKey[];
  /** What is wrong with an object by itself: refused by the API server, by a webhook, or by nobody until traffic fails. */
  admissionFindings(): readonly AdmissionFinding[];
  /** Where what the mesh will do differs from what was probably meant: errors first, then by place. */
  findings(): readonly Finding[];
}

/** What a call to a port is sent as, under its full name. */
export function sentTo(service: Pick<ServicePort, "host" | "port" | "kind" | "tls">): Sent {
  const { kind, tls } = service;
  return { ...(kind !== "tcp" && { authority: hostHeaderFor(service) }), ...(tls && { serverName: tls.serverName }) };
}

/** The Host header of requests to a port under its full name, as clients write it. */
export function hostHeaderFor(service: Pick<ServicePort, "host" | "port" | "tls">): string {
  return hostHeaderOf({ to: addressOf(service), ...service.tls });
}

/** Full name and port. */
export function addressOf({ host, port }: Pick<ServicePort, "host" | "port">): string {
  return `${host}:${String(port)}`;
}
