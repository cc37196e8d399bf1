import { type Report } from "../../../analysis/object-report";
import { type VirtualService } from "../../kinds";
import { checkExportTo } from "../export-to";
import { refusing } from "../webhook";
import { checkClaims } from "./claims";
import { checkTcpRoute, checkTlsRoute } from "./connection-route";
import { checkGatewayNames } from "./gateway-names";
import { checkHosts } from "./hosts";
import { checkHttpRoute } from "./http-route";

/** What istiod's webhook refuses of a VirtualService (pkg/config/validation, ValidateVirtualService). */
export function checkVirtualService({ kind, metadata, spec }: VirtualService, report: Report): void {
  const refuse = refusing(report);
  const { hosts = [], gateways = [], http = [], tls = [], tcp = [], exportTo = [] } = spec;
  const isDelegate = hosts.length === 0;
  if (isDelegate) {
    for (const [field, list] of Object.entries({ gateways, tls, tcp })) {
      if (list.length > 0)
        refuse(
          "route-delegate",
          `spec.${field}`,
          "is there without hosts",
          "a VirtualService that others delegate to has http alone",
        );
    }
  }
  checkGatewayNames(gateways, "spec.gateways", refuse);
  checkHosts(spec, refuse);
  checkExportTo({ kind, namespace: metadata.namespace ?? "" }, exportTo, refuse);
  if (http.length + tls.length + tcp.length === 0) {
    refuse("route-empty", "spec", "has no rule", "write http, tls or tcp");
  }
  http.forEach((route, index) => checkHttpRoute(route, isDelegate, `spec.http[${String(index)}]`, report));
  checkClaims(spec, refuse);
  tls.forEach((route, index) => checkTlsRoute(route, spec, `spec.tls[${String(index)}]`, report));
  tcp.forEach((route, index) => checkTcpRoute(route, `spec.tcp[${String(index)}]`, report));
}
