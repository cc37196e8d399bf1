import { type Report } from "../../../analysis/object-report";
import { type TcpRoute, type TlsRoute, type VirtualServiceSpec } from "../../kinds";
import { matchesHost } from "../../host-patterns";
import { isAddress, isAddressOrRange } from "../names";
import { type Refuse, refusing } from "../webhook";
import { checkShares } from "./destination";
import { hostFault } from "./hosts";
import { checkSource } from "./source";

/** What istiod's webhook refuses of a rule for TLS (pkg/config/validation, validateTLSRoute). */
export function checkTlsRoute(route: TlsRoute, spec: VirtualServiceSpec, path: string, report: Report): void {
  const refuse = refusing(report);
  const { match = [] } = route;
  if (match.length === 0) refuse("route-match", `${path}.match`, "is empty", "write sniHosts that it is for");
  match.forEach(({ sniHosts = [] }, index) => {
    const place = `${path}.match[${String(index)}].sniHosts`;
    if (sniHosts.length === 0) refuse("route-match", place, "is empty", "write the server names that it is for");
    sniHosts.forEach((name, at) => checkServerName(name, spec, `${place}[${String(at)}]`, refuse));
  });
  checkTcpRoute(route, path, report);
}

/** A server name is within a host of the VirtualService; addresses, which few clients send for one, are not looked at. */
function checkServerName(
  name: string,
  { hosts = [], gateways = [] }: VirtualServiceSpec,
  path: string,
  refuse: Refuse,
): void {
  const fault = hostFault(name, !gateways.includes("mesh"));
  if (fault !== undefined) refuse("route-match", path, fault, "write a name, or a pattern such as *.example.com");
  else if (!isAddress(name) && !hosts.some((host) => matchesHost(host, name)))
    refuse(
      "route-match",
      path,
      `${name} is within none of the hosts ${hosts.join(", ")}`,
      "write the name into spec.hosts as well",
    );
}

/** What istiod's webhook refuses of a rule for connections (pkg/config/validation, validateTCPRoute). */
export function checkTcpRoute({ match = [], route = [] }: TcpRoute, path: string, report: Report): void {
  const refuse = refusing(report);
  match.forEach((one, index) => {
    const place = `${path}.match[${String(index)}]`;
    checkSource(one, place, refuse);
    (one.destinationSubnets ?? []).forEach((range, at) => {
      if (!isAddressOrRange(range))
        refuse(
          "route-match",
          `${place}.destinationSubnets[${String(at)}]`,
          `${JSON.stringify(range)} is no address and no range`,
          "write 203.0.113.7, or 203.0.113.0/24",
        );
    });
  });
  if (route.length === 0) refuse("route-empty", path, "leads nowhere", "write route");
  checkShares(route, `${path}.route`, report);
}
