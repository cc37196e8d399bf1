import { type Address } from "../cluster/dns";
import { type AccountKey } from "../cluster/keys";
import { type Positions, type Problem } from "../manifests";
import { type CallTree } from "./call-tree";
import { type AdmissionFinding, type Finding } from "./finding";

/** One port of a Service, under one of the names that lead to it. */
export interface ServicePort {
  /** The Service, `namespace/name`. */
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
  /** All the full names that lead to it. */
  readonly hosts: readonly string[];
}

/** What happens to the calls of some callers to one port of a service, under the service's full name. */
export interface AccessEntry {
  /** The callers, `namespace/service account`. More than one where the mesh makes no difference between them. */
  readonly callers: readonly AccountKey[];
  readonly service: ServicePort;
  readonly tree: CallTree;
}

/** Who may call whom. */
export interface Access {
  /** Every service account that runs pods or that policies name as a caller. */
  readonly callers: readonly AccountKey[];
  readonly services: readonly ServicePort[];
  /** What is not here is refused: the caller's sidecar knows no such service. */
  readonly entries: readonly AccessEntry[];
}

/** A caller as the objects name it. */
export interface Caller {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** A set of objects, and what a mesh makes of them. Everything is computed when it is asked for, and remembered. */
export interface Mesh {
  /** What the objects leave open and was assumed, in sentences. */
  readonly assumptions: readonly string[];
  /** What cannot be read as the API server or the mesh would. */
  readonly problems: readonly Problem[];
  readonly positions: Positions;
  /** What holds of all callers alike, in a sentence; undefined where nothing does. */
  readonly everyone: string | undefined;
  /** The whole relation. */
  access(): Access;
  /** What happens to a caller's calls to an address under one Host header; undefined for bytes that are not HTTP. */
  callTree(from: Caller, to: Address, authority: string | undefined): CallTree;
  /** Whether calls of the account that the relation does not have may yet be more than refused. */
  hasOtherWays(caller: AccountKey): boolean;
  /** Calls of pods to themselves, which no sidecar sees. */
  ownCalls(): Iterable<{ readonly caller: AccountKey; readonly service: ServicePort }>;
  /** Every service account that the objects know, in the mesh or not; undefined where they tell of no pod and no account. */
  knownAccounts(): ReadonlySet<AccountKey> | undefined;
  /** Service accounts whose pods a service leads to. */
  accountsBehind(service: ServicePort): readonly AccountKey[];
  /** What is wrong with an object by itself: refused by the API server, by a webhook, or by nobody until traffic fails. */
  admissionFindings(): readonly AdmissionFinding[];
  /** Where what the mesh will do differs from what was probably meant: errors first, then by place. */
  findings(): readonly Finding[];
}

/** Full name and port. */
export function addressOf({ host, port }: Pick<ServicePort, "host" | "port">): string {
  return `${host}:${String(port)}`;
}
