import { memo, memoOnce } from "../../cluster/look-up";
import { type PodState } from "../../cluster/workloads";
import { matchesHost } from "../host-patterns";
import { isSubset } from "../labels";
import { type IstioPlane } from "../plane";
import { isForAll, isVisible, type KnownHost } from "../registry";
import { type EgressState, type SidecarState } from "../state/sidecars";
import { isGatewayPod } from "./interception";

/** What the sidecars of alike pods are told of. */
export interface Scope {
  readonly namespace: string;
  /** Equal for scopes that are alike. */
  readonly key: string;
  /** Whether they pass on calls to what they do not know. */
  readonly allowAny: boolean;
  /** The Sidecar that says so. */
  readonly sidecar: SidecarState | undefined;
  /** The host of a name, for calls to a port: of those that ServiceEntries of several namespaces have, the one that istiod takes for them. */
  find(host: string, port: number): KnownHost | undefined;
  /** Whether they are told of a host, for calls to a port. */
  sees(host: KnownHost, port: number): boolean;
  /**
   * Whether a host's port opens a listener of theirs. A Sidecar's list of hosts for all ports does so too for a port that another list is for, which alone says
   * what that listener knows then (pilot/pkg/networking/core/listener.go, buildSidecarOutboundListeners; model/sidecar.go, GetEgressListenerForRDS).
   */
  listens(host: KnownHost, port: number): boolean;
  /** Whether they are told of what is said about a host's name, by an object of a namespace. */
  seesName(host: string, namespace: string, port: number): boolean;
}

const scopes = new WeakMap<IstioPlane, (key: string) => Scope>();

/** The scope of a pod: the Sidecar that selects it, of its namespace or of the mesh's root, or everything. Gateways have everything. */
export function scopeOf(plane: IstioPlane, namespace: string, pod: PodState | undefined): Scope {
  const isGateway = pod !== undefined && isGatewayPod(pod);
  const sidecar = isGateway ? undefined : sidecarOf(plane, namespace, pod);
  let known = scopes.get(plane);
  if (known === undefined) {
    const { sidecars } = plane.state;
    known = memo((key: string) => {
      const cut = key.indexOf(" ");
      const of = key.slice(0, cut);
      return makeScope(plane, key.slice(cut + 1), of === "gateway" ? of : sidecars[Number(of)]);
    });
    scopes.set(plane, known);
  }
  const of = sidecar === undefined ? "-" : String(plane.state.sidecars.indexOf(sidecar));
  return known(`${isGateway ? "gateway" : of} ${namespace}`);
}

function sidecarOf(plane: IstioPlane, namespace: string, pod: PodState | undefined): SidecarState | undefined {
  const { state } = plane;
  if (state.sidecars.length === 0) return undefined;
  let ofNamespace = sidecars.get(plane);
  if (ofNamespace === undefined) {
    ofNamespace = memo((space) => state.sidecars.filter((one) => one.namespace === space));
    sidecars.set(plane, ofNamespace);
  }
  const own = ofNamespace(namespace);
  const isWide = ({ selector }: SidecarState): boolean => Object.keys(selector).length === 0;
  return (
    own.find((one) => !isWide(one) && pod !== undefined && isSubset(one.selector, pod.labels)) ??
    own.find(isWide) ??
    ofNamespace(state.rootNamespace).find(isWide)
  );
}

const sidecars = new WeakMap<IstioPlane, (namespace: string) => readonly SidecarState[]>();

function makeScope(
  { state, registry }: IstioPlane,
  namespace: string,
  by: SidecarState | "gateway" | undefined,
): Scope {
  const sidecar = by === "gateway" ? undefined : by;
  const listenerFor = (port: number): EgressState | undefined =>
    sidecar?.egress.find((one) => one.port === port) ?? sidecar?.egress.find((one) => one.port === undefined);
  const importsFor = memo((port: number) => importsOf(listenerFor(port)?.hosts ?? [], namespace));
  const seesName = (host: string, space: string, port: number): boolean =>
    sidecar === undefined || sidecar.egress.length === 0 || importsFor(port)(space, host);
  const isTold = (host: KnownHost, port: number): boolean =>
    isVisible(host, namespace) && seesName(host.host, host.namespace, port);
  const find = (name: string, port: number): KnownHost | undefined => {
    const first = registry.find(name);
    const all = first && registry.shared.get(first.host);
    if (all === undefined) return first;
    const ofListener = listenerFor(port)?.port !== undefined;
    const told = all.filter(
      (host) => isTold(host, port) && (!ofListener || host.ports.some(({ number }) => number === port)),
    );
    const visible = told.length > 0 ? told : all.filter((host) => isVisible(host, namespace));
    return preferred(visible, namespace, by === "gateway") ?? first;
  };
  const forAllPorts = memoOnce(() => {
    const hosts = sidecar?.egress.find((one) => one.port === undefined)?.hosts ?? [];
    return importsOf(hosts, namespace);
  });
  const sees = (host: KnownHost, port: number): boolean =>
    isTold(host, port) && (!registry.shared.has(host.host) || find(host.host, port) === host);
  return {
    namespace,
    key: `${sidecar === undefined ? "" : `${sidecar.namespace}/${sidecar.name}`} ${by === "gateway" ? `${by} ` : ""}${namespace}`,
    sidecar,
    allowAny: sidecar?.allowAny ?? state.settings.allowAny,
    seesName,
    find,
    sees,
    listens: (host, port) => {
      if (sees(host, port)) return true;
      return (
        listenerFor(port)?.port !== undefined && isVisible(host, namespace) && forAllPorts()(host.namespace, host.host)
      );
    },
  };
}

/**
 * Of hosts of one name that several namespaces have, the one that proxies of a namespace take: to sidecars their own namespace's, then one that is for
 * the namespace by name, then the oldest (pilot/pkg/model/sidecar.go, selectServices).
 */
function preferred(hosts: readonly KnownHost[], namespace: string, isGateway: boolean): KnownHost | undefined {
  const own = isGateway ? undefined : hosts.find((host) => host.namespace === namespace);
  return own ?? hosts.find((host) => !isForAll(host)) ?? hosts[0];
}

/**
 * Tells whether a Sidecar's `namespace/host` take in a namespace's host: `.` is the own namespace, `*` any. What has `~` before the namespace is left
 * out whatever else takes it in, and `~` alone is any (pilot/pkg/model/sidecar.go of Istio 1.31; before it `~` alone took nothing in).
 */
function importsOf(entries: readonly string[], own: string): (namespace: string, host: string) => boolean {
  const taken = new Map<string, string[]>();
  const leftOut = new Map<string, string[]>();
  for (const entry of entries) {
    const slash = entry.indexOf("/");
    const [written, name] = [entry.slice(0, slash), entry.slice(slash + 1).toLowerCase()];
    const isLeftOut = isExclusion(entry);
    const space = isLeftOut ? written.slice(1) || "*" : written;
    const byNamespace = isLeftOut ? leftOut : taken;
    const names = byNamespace.get(space === "." ? own : space);
    if (names === undefined) byNamespace.set(space === "." ? own : space, [name]);
    else names.push(name);
  }
  const isIn = (of: ReadonlyMap<string, readonly string[]>, namespace: string, host: string): boolean =>
    [namespace, "*"].some((space) => of.get(space)?.some((name) => matchesHost(name, host)) === true);
  return (namespace, host) => isIn(taken, namespace, host) && !isIn(leftOut, namespace, host);
}

/** Whether an entry leaves hosts out. */
export function isExclusion(entry: string): boolean {
  return entry.startsWith("~");
}

/** Stands for every name that a pattern takes in; `any.example` for those that a lone star does. */
export function nameWithin(pattern: string): string {
  return pattern === "*" ? "any.example" : pattern.replace(/^\*/, "any");
}
