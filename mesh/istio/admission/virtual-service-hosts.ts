import { matchesHost } from "../host-patterns";
import { isAddress, nameFault } from "./names";
import { type Refuse } from "./webhook";

/**
 * What istiod's webhook refuses of a VirtualService's hosts (pkg/config/validation, ValidateVirtualService): what is no name, and of two that have a
 * name in common the second.
 */
export function checkHosts(hosts: readonly string[], forSidecars: boolean, refuse: Refuse): void {
  const faults = hosts.map((host) => {
    if (host === "*" && forSidecars) return '"*" is not taken for sidecars';
    return isAddress(host) ? undefined : nameFault(host, true);
  });
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
