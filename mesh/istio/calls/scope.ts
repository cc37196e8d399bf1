import { memo } from "../../cluster/look-up";
import { type PodState } from "../../cluster/workloads";
import { matchesHost } from "../host-patterns";
import { isSubset } from "../labels";
import { type IstioPlane } from "../plane";
import { isVisible, type KnownHost } from "../registry";
import { type SidecarState } from "../state/sidecars";

/** What the sidecars of alike pods are told of. */
export interface Scope {
  readonly namespace: string;
  /** Equal for scopes that are alike. */
  readonly key: string;
  /** Whether they pass on calls to what they do not know. */
  readonly allowAny: boolean;
  /** The Sidecar that says so. */
  readonly sidecar: SidecarState | undefined;
  /** Whether they are told of a host, for calls to a port. */
  sees(host: KnownHost, port: number): boolean;
  /** Whether they are told of what is said about a host's name, by an object of a namespace. */
  seesName(host: string, namespace: string, port: number): boolean;
}

const scopes = new WeakMap<IstioPlane, (key: string) => Scope>();

/** The scope of a pod: the Sidecar that selects it, of its namespace or of the mesh's root, or everything. */
export function scopeOf(plane: IstioPlane, namespace: string, pod: PodState | undefined): Scope {
  const sidecar = sidecarOf(plane, namespace, pod);
  let known = scopes.get(plane);
  if (known === undefined) {
    const { sidecars } = plane.state;
    known = memo((key: string) => {
      const cut = key.indexOf(" ");
      return makeScope(plane, key.slice(cut + 1), sidecars[Number(key.slice(0, cut))]);
    });
    scopes.set(plane, known);
  }
  return known(`${sidecar === undefined ? "-" : String(plane.state.sidecars.indexOf(sidecar))} ${namespace}`);
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

function makeScope({ state }: IstioPlane, namespace: string, sidecar: SidecarState | undefined): Scope {
  const importsFor = memo((port: number) => {
    const listener =
      sidecar?.egress.find((one) => one.port === port) ?? sidecar?.egress.find((one) => one.port === undefined);
    return importsOf(listener?.hosts ?? [], namespace);
  });
  const seesName = (host: string, space: string, port: number): boolean =>
    sidecar === undefined || sidecar.egress.length === 0 || importsFor(port)(space, host);
  return {
    namespace,
    key: `${sidecar === undefined ? "" : `${sidecar.namespace}/${sidecar.name}`} ${namespace}`,
    sidecar,
    allowAny: sidecar?.allowAny ?? state.settings.allowAny,
    seesName,
    sees: (host, port) => isVisible(host, namespace) && seesName(host.host, host.namespace, port),
  };
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
