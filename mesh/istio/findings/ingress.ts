import { callTree } from "../../analysis/decide";
import { type Finding, finding } from "../../analysis/finding";
import { accountCaller, addressOf, sentTo } from "../../analysis/mesh";
import { hasAnswer } from "../../analysis/outcome-sets";
import { principalOf } from "../authorization/peer";
import { ingressRoutes } from "../ingress";
import { aksRootNamespace } from "../injection";
import { isSubset } from "../labels";
import { type IstioMesh } from "../mesh";

/** What lets nobody in from outside though it is meant to. */
export function ingressFindings(mesh: IstioMesh): readonly Finding[] {
  return [...selectorFindings(mesh), ...deniedFindings(mesh)];
}

/** Label of the gateways that Istio's own installation makes, as most examples have it. */
const upstreamGateway = "ingressgateway";

/** Gateways as for another installation than the add-on. */
function selectorFindings(mesh: IstioMesh): readonly Finding[] {
  const { gateways, pods, rootNamespace } = mesh.state;
  if (rootNamespace !== aksRootNamespace) return [];
  return gateways
    .filter(
      ({ selector }) => selector["istio"] === upstreamGateway && !pods.some(({ labels }) => isSubset(selector, labels)),
    )
    .map((gateway) =>
      finding(mesh, gateway, ["spec", "selector"], {
        severity: "warning",
        rule: "gateway-selects-nothing",
        message: `No pod has the label istio: ${upstreamGateway}, which is that of Istio's own installation: nobody opens the ports.`,
        remedy: "Write istio: aks-istio-ingressgateway-external, or -internal: the add-on's gateways have these.",
      }),
    );
}

/** Names that a gateway serves and by which nobody outside gets anywhere, since who is behind it does not let the gateway in. */
function deniedFindings(mesh: IstioMesh): readonly Finding[] {
  return ingressRoutes(mesh).flatMap(({ entrance, virtualService, service }): readonly Finding[] => {
    const to = addressOf(entrance);
    const tree = callTree(mesh, "outside", to, sentTo(entrance));
    if (hasAnswer(tree, "allowed") || !hasAnswer(tree, "denied")) return [];
    const { namespace, name } = service;
    const principals = mesh
      .accountsBehind({ service: `${namespace}/${name}` })
      .map(accountCaller)
      .map((account) => principalOf("cluster.local", account.namespace, account.serviceAccount));
    return [
      finding(mesh, virtualService, ["spec", "hosts"], {
        severity: "warning",
        rule: "ingress-denied",
        message: `No request from outside to ${to} passes: what is behind the gateway ${namespace}/${name} does not let it in.`,
        remedy: `Write an AuthorizationPolicy that allows the gateway's account: principals [${principals.join(", ")}].`,
      }),
    ];
  });
}
