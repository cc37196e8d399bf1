import { canariesNotExpanded } from "../../analysis/canaries-of-flagger";
import { type Finding } from "../../analysis/finding";
import { ipv6Findings } from "../../analysis/ipv6";
import { misplacedMetadata } from "../../analysis/misplaced-metadata";
import { policiesNotRead } from "../../analysis/network-policy-objects";
import { sidecarUserFindings } from "../../analysis/sidecar-user";
import { type Manifests } from "../../manifests";
import { sidecarUser } from "../calls/interception";
import { type IstioMesh } from "../mesh";
import { callRuleFindings } from "./call-rules";
import { clientTlsFindings } from "./client-tls";
import { deniedRuleFindings } from "./denied-rules";
import { gatewayApiFindings } from "./gateway-api";
import { gatewayFindings } from "./gateways";
import { ingressFindings } from "./ingress";
import { policyFindings } from "./policies";
import { portFindings } from "./ports";
import { routeFindings } from "./routes";
import { selectorFindings } from "./selectors";
import { serviceEntryFindings } from "./service-entries";
import { sidecarFindings } from "./sidecars";
import { tokenFindings } from "./tokens";
import { unreadFindings } from "./unread";
import { workloadFindings } from "./workloads";

/** Where what Istio will do differs from what was probably meant: errors first, then by place. */
export function findings(
  mesh: IstioMesh,
  manifests: Pick<Manifests, "objects"> & Partial<Manifests>,
): readonly Finding[] {
  const found = [
    ...policyFindings(mesh),
    ...deniedRuleFindings(mesh),
    ...selectorFindings(mesh),
    ...sidecarFindings(mesh),
    ...tokenFindings(mesh),
    ...routeFindings(mesh),
    ...serviceEntryFindings(mesh),
    ...clientTlsFindings(mesh),
    ...gatewayFindings(mesh),
    ...ingressFindings(mesh),
    ...portFindings(mesh),
    ...gatewayApiFindings(mesh),
    ...callRuleFindings(mesh),
    ...workloadFindings(mesh),
    ...misplacedMetadata(mesh, manifests, podMetadata),
    ...sidecarUserFindings(mesh.state.pods, mesh.state.hasSidecar, sidecarUser),
    ...unreadFindings(mesh),
    ...ipv6Findings(mesh),
    ...policiesNotRead(manifests),
    ...canariesNotExpanded(manifests),
  ];
  return [...found].sort((a, b) => rank(a) - rank(b));
}

/** Labels and annotations that the injector, and sidecars, read of pods. `istio.io/rev` tells workloads apart as well, and is none of them. */
const podMetadata = /^(sidecar|traffic\.sidecar|proxy|inject)\.istio\.io\/|^security\.istio\.io\/tlsMode$/;

function rank({ severity }: Finding): number {
  return severity === "error" ? 0 : 1;
}
