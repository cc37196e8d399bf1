import { type Finding, finding } from "../../analysis/finding";
import { type IstioMesh } from "../mesh";

/** What of the Gateway API's routes istiod does not take: mostly it says so in their status alone, where nobody looks. */
export function gatewayApiFindings(mesh: IstioMesh): readonly Finding[] {
  return mesh.state.routeRefusals.map(({ route, path, rule, text, remedy }) =>
    finding(mesh, route, path, {
      severity: "error",
      rule,
      message: `${text.charAt(0).toUpperCase()}${text.slice(1)}.`,
      remedy,
    }),
  );
}
