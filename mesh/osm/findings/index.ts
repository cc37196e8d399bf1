import { type OsmMesh } from "../mesh";
import { callRuleFindings } from "./call-rules";
import { clusterFindings } from "./cluster";
import { type Finding } from "../../analysis/finding";
import { networkFindings } from "./network";
import { canariesNotExpanded } from "../../analysis/canaries-of-flagger";
import { ipv6Findings } from "../../analysis/ipv6";
import { misplacedMetadata } from "../../analysis/misplaced-metadata";
import { policiesNotRead } from "../../analysis/network-policy-objects";
import { sidecarUserFindings } from "../../analysis/sidecar-user";
import { sidecarUser } from "../calls/interception";
import { type Manifests } from "../../manifests";
import { hostConditionFindings } from "./host-conditions";
import { ingressObjectFindings } from "./ingress-objects";
import { initContainerFindings } from "./init-containers";
import { outageFindings } from "./outages";
import { pathDialectFindings } from "./path-dialect";
import { portNameFindings } from "./port-names";
import { refusedRouteFindings } from "./refused-routes";
import { routeFindings } from "./routes";
import { sourceFindings } from "./sources";
import { splitFindings } from "./splits";
import { targetFindings } from "./targets";

/** Annotations that the injector reads of pods (pkg/constants/constants.go). */
const podMetadata =
  /^openservicemesh\.io\/(sidecar-injection|(inbound|outbound)-port-exclusion-list|outbound-ip-range-(in|ex)clusion-list)$/;

/** Where what the mesh will do differs from what was probably meant: errors first, then by place. */
export function findings(
  mesh: OsmMesh,
  manifests: Pick<Manifests, "objects"> & Partial<Manifests>,
): readonly Finding[] {
  const special = [
    ...clusterFindings(mesh),
    ...targetFindings(mesh),
    ...routeFindings(mesh),
    ...splitFindings(mesh),
    ...refusedRouteFindings(mesh),
    ...networkFindings(mesh),
    ...policiesNotRead(manifests),
    ...ipv6Findings(mesh),
    ...canariesNotExpanded(manifests),
    ...hostConditionFindings(mesh),
    ...sourceFindings(mesh),
    ...portNameFindings(mesh),
    ...pathDialectFindings(mesh),
    ...ingressObjectFindings(mesh),
    ...initContainerFindings(mesh),
    ...misplacedMetadata(mesh, manifests, podMetadata),
    ...sidecarUserFindings(mesh.state.pods, mesh.state.hasSidecar, sidecarUser),
    ...callRuleFindings(mesh),
  ];
  const found = [...special, ...outageFindings(mesh, special)];
  const rank = (one: Finding): string =>
    [one.severity, one.position?.file ?? "", String(one.position?.line ?? 0).padStart(8, "0")].join("\0");
  return found
    .map((one, index) => ({ one, key: rank(one), index }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.index - b.index))
    .map(({ one }) => one);
}
