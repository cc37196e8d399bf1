import { type VirtualServiceSpec } from "../../kinds";
import { matchesHost } from "../../host-patterns";
import { isAddress, nameFault } from "../names";
import { type Refuse } from "../webhook";
import { isForSidecars } from "./gateway-names";

/**
 * Names under which gateways pass TLS on between clusters (AUTO_PASSTHROUGH), such as `outbound_.80_._.cart.shop.svc.cluster.local`: no names else, for
 * their underscores.
 */
const passedOn = /^outbound_[^_]*\d[^_]*_[^_]*_[^_]*[a-zA-Z]/;

/** What is wrong with a host or a server name; undefined for nothing. */
export function hostFault(name: string, isPassedOn: boolean): string | undefined {
  if (isAddress(name) || (isPassedOn && name.length <= 255 && passedOn.test(name))) return undefined;
  return nameFault(name, true);
}

/**
 * What istiod's webhook refuses of a VirtualService's hosts (pkg/config/validation, ValidateVirtualService): what is no name, and of two that have a
 * name in common the second.
 */
export function checkHosts(spec: VirtualServiceSpec, refuse: Refuse): void {
  const { hosts = [], tls = [] } = spec;
  const forSidecars = isForSidecars(spec);
  const hasServerNames = tls.some(({ match = [] }) => match.some(({ sniHosts = [] }) => sniHosts.length > 0));
  const faults = hosts.map((host) =>
    host === "*" && forSidecars ? '"*" is not taken for sidecars' : hostFault(host, !forSidecars && hasServerNames),
  );
  faults.forEach((fault, index) => {
    if (fault !== undefined)
      refuse(
        "route-host",
        `spec.hosts[${String(index)}]`,
        fault,
        "write the names of Services, or patterns such as *.example.com",
      );
  });
  if (faults.some((fault) => fault !== undefined)) return;
  hosts.forEach((host, index) => {
    const other = hosts.slice(0, index).find((one) => matchesHost(one, host) || matchesHost(host, one));
    if (other === undefined) return;
    const problem = other === host ? `has ${host} twice` : `has ${other} and ${host}, one of which takes in the other`;
    refuse("route-host", `spec.hosts[${String(index)}]`, problem, "keep one, or write two VirtualServices");
  });
}
