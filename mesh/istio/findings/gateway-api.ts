import { type Finding, finding } from "../../analysis/finding";
import { aksRootNamespace } from "../injection";
import { type IstioMesh } from "../mesh";
import { meshGateway } from "../state/virtual-services";

/** What of the Gateway API's routes istiod does not take: mostly it says so in their status alone, where nobody looks. */
export function gatewayApiFindings(mesh: IstioMesh): readonly Finding[] {
  const refused = mesh.state.routeRefusals.map(({ route, path, rule, text, remedy }) =>
    finding(mesh, route, path, {
      severity: "error",
      rule,
      message: `${text.charAt(0).toUpperCase()}${text.slice(1)}.`,
      remedy,
    }),
  );
  return [...refused, ...unsupportedRoutes(mesh)];
}

/** Routes of sidecars' calls, which the AKS add-on does not support. */
function unsupportedRoutes(mesh: IstioMesh): readonly Finding[] {
  if (mesh.state.rootNamespace !== aksRootNamespace) return [];
  const ofMesh = mesh.state.virtualServices.filter(
    ({ semantics, gateways }) => semantics === "gateway-api" && gateways.includes(meshGateway),
  );
  const routes = new Map(
    ofMesh
      .flatMap(({ http }) => http.flatMap(({ written }) => written?.object ?? []))
      .map((object) => [object, object]),
  );
  return Array.from(routes.keys(), (object) =>
    finding(mesh, { object }, ["spec", "parentRefs"], {
      severity: "warning",
      rule: "mesh-route-unsupported",
      message:
        "AKS supports no route whose parent is a Service or a ServiceEntry with its Istio add-on. What is said of calls here is what istiod makes of it where the kinds are installed.",
      remedy: "Say it by a VirtualService, or by a route whose parent is a Gateway.",
    }),
  );
}
