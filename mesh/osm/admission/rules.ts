import { type OsmObject } from "../kinds";
import { type Surroundings } from "./context";
import { checkEgress } from "./egress";
import { type Finding } from "../../analysis/object-finding";
import { checkHttpRouteGroup } from "./http-route-group";
import { checkIngressBackend } from "./ingress-backend";
import { checkMeshConfig } from "./mesh-config";
import { reportOn } from "../../analysis/object-report";
import { checkRetry } from "./retry";
import { checkTcpRoute } from "./tcp-route";
import { checkTrafficSplit } from "./traffic-split";
import { checkTrafficTarget } from "./traffic-target";
import { checkUpstreamTrafficSetting } from "./upstream-traffic-setting";

/** Findings about one object, by its kind. */
export function kindFindings(object: OsmObject, around: Surroundings): Finding[] {
  const report = reportOn(object);
  switch (object.kind) {
    case "TrafficTarget":
      checkTrafficTarget(object, around, report);
      break;
    case "HTTPRouteGroup":
      checkHttpRouteGroup(object, around, report);
      break;
    case "TCPRoute":
      checkTcpRoute(object, report);
      break;
    case "TrafficSplit":
      checkTrafficSplit(object, around, report);
      break;
    case "Egress":
      checkEgress(object, around, report);
      break;
    case "IngressBackend":
      checkIngressBackend(object, around, report);
      break;
    case "Retry":
      checkRetry(object, around, report);
      break;
    case "UpstreamTrafficSetting":
      checkUpstreamTrafficSetting(object, around, report);
      break;
    case "MeshConfig":
      checkMeshConfig(object, report);
      break;
    case "MeshRootCertificate":
      report.warning(
        "root-certificate-flag",
        "spec",
        "the controller reads it only with --enable-mesh-root-certificate, which the AKS add-on does not set",
        "leave it out on AKS",
      );
  }
  return report.findings;
}
