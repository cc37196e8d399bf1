import { memo } from "../../cluster/look-up";
import { type PodState } from "../../cluster/workloads";
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

function sidecarOf({ state }: IstioPlane, namespace: string, pod: PodState | undefined): SidecarState | undefined {
  const ofNamespace = state.sidecars.filter((one) => one.namespace === namespace);
  const isWide = ({ selector }: SidecarState): boolean => Object.keys(selector).length === 0;
  return (
    ofNamespace.find((one) => !isWide(one) && pod !== undefined && isSubset(one.selector, pod.labels)) ??
    ofNamespace.find(isWide) ??
    state.sidecars.find((one) => one.namespace === state.rootNamespace && isWide(one))
  );
}

function makeScope({ state }: IstioPlane, namespace: string, sidecar: SidecarState | undefined): Scope {
  const listenerFor = (port: number) =>
    sidecar?.egress.find((one) => one.port === port) ?? sidecar?.egress.find((one) => one.port === undefined);
  const seesName = (host: string, space: string, port: number): boolean => {
    if (sidecar === undefined || sidecar.egress.length === 0) return true;
    return listenerFor(port)?.hosts.some((one) => isImported(one, space, host, namespace)) === true;
  };
  return {
    namespace,
    key: `${sidecar === undefined ? "" : `${sidecar.namespace}/${sidecar.name}`} ${namespace}`,
    sidecar,
    allowAny: sidecar?.allowAny ?? state.settings.allowAny,
    seesName,
    sees: (host, port) => isVisible(host, namespace) && seesName(host.host, host.namespace, port),
  };
}

/** Whether `namespace/host` of a Sidecar takes a host in: `.` is the own namespace, `~` none, `*` any. */
function isImported(entry: string, namespace: string, host: string, own: string): boolean {
  const slash = entry.indexOf("/");
  const [space, name] = [entry.slice(0, slash), entry.slice(slash + 1).toLowerCase()];
  if (space !== "*" && (space === "." ? own : space) !== namespace) return false;
  return matchesHost(name, host);
}

/** Whether a name, which may begin with `*`, stands for a host. */
export function matchesHost(pattern: string, host: string): boolean {
  return pattern === host || pattern === "*" || (pattern.startsWith("*") && host.endsWith(pattern.slice(1)));
}
