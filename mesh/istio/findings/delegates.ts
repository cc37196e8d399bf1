import { type Finding, finding } from "../../analysis/finding";
import { keyOf } from "../../cluster/keys";
import { delegateOf, rulesOf } from "../calls/delegates";
import { type IstioMesh } from "../mesh";
import { isExportedTo } from "../state/named";
import { type HttpRouteState, type VirtualServiceState } from "../state/virtual-services";
import { didYouMean } from "./near-hosts";

/** Rules that delegate to what istiod does not find, or of which nothing is left: they are not there. */
export function delegateFindings(
  mesh: IstioMesh,
  service: VirtualServiceState,
  route: HttpRouteState,
): readonly Finding[] {
  const { delegate, index } = route;
  if (delegate === undefined) return [];
  const key = keyOf(delegate.namespace, delegate.name);
  const lost = (message: string, remedy: string): readonly Finding[] => [
    finding(mesh, service, ["spec", "http", index, "delegate"], {
      severity: "error",
      rule: "route-to-nowhere",
      message: `${message}: the rule is not there, and its requests go on to the next one, or are answered with 404.`,
      remedy,
    }),
  ];
  const other = delegateOf(mesh, delegate);
  if (other === undefined) {
    const known = mesh.state.virtualServices.filter(({ hosts }) => hosts.length === 0);
    const same = mesh.state.virtualServices.find(
      ({ namespace, name }) => namespace === delegate.namespace && name === delegate.name,
    );
    if (same !== undefined) {
      return lost(`VirtualService ${key} has hosts, and is no delegate`, "Take its hosts and gateways out.");
    }
    const near = known.map(({ namespace, name }) => keyOf(namespace, name));
    return lost(`There is no VirtualService ${key}`, didYouMean(key, near, "Name a VirtualService without hosts"));
  }
  if (!isExportedTo(other, service.namespace)) {
    return lost(
      `VirtualService ${key} is not for namespace ${service.namespace}`,
      `Write ${service.namespace} into its exportTo.`,
    );
  }
  const merged = rulesOf(mesh, { ...service, http: [route] });
  if (merged.length === other.http.length) return [];
  return [
    finding(mesh, service, ["spec", "http", index, "delegate"], {
      severity: "error",
      rule: "route-to-nowhere",
      message: `Rules of VirtualService ${key} ask for what is not within the matches here, such as another prefix or a regex: they are not there.`,
      remedy:
        "Write its matches within those of the rule that delegates, prefix within prefix, without regular expressions on both sides.",
    }),
  ];
}
