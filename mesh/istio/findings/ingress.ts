import { callTree } from "../../analysis/decide";
import { type Finding, finding } from "../../analysis/finding";
import { accountCaller, addressOf, sentTo } from "../../analysis/mesh";
import { mayPass } from "../../analysis/may-pass";
import { hasAnswer } from "../../analysis/outcome-sets";
import { keyOf } from "../../cluster/keys";
import { textAt } from "../../manifests/inside";
import { principalOf } from "../authorization/peer";
import { isGatewayPod } from "../calls/interception";
import { ingressRoutes } from "../ingress";
import { aksRootNamespace } from "../injection";
import { isSubset } from "../labels";
import { type IstioMesh } from "../mesh";
import { fullName, type HostPort, type KnownHost } from "../registry";
import { isForUnseen } from "./sources";

/** What lets nobody in from outside though it is meant to. */
export function ingressFindings(mesh: IstioMesh): readonly Finding[] {
  return [...selectorFindings(mesh), ...deniedFindings(mesh), ...controllerFindings(mesh), ...exposedFindings(mesh)];
}

/** The class of ingresses that Istio's own gateways serve. */
const ownClass = "istio";

/** How ingresses named their class before they had a field for it. */
const classAnnotation = "kubernetes.io/ingress.class";

/** Ingresses of other controllers that lead to whom lets no caller without a sidecar in. */
function controllerFindings(mesh: IstioMesh): readonly Finding[] {
  return mesh.state.ingressObjects.flatMap((ingress) => {
    const { object } = ingress;
    const named =
      textAt(object, "spec", "ingressClassName") ?? textAt(object, "metadata", "annotations", classAnnotation);
    if (named === ownClass) return [];
    const seen = new Set<HostPort>();
    return ingress.backends.flatMap((backend): readonly Finding[] => {
      const host = mesh.registry.find(fullName(backend.namespace, backend.service));
      const port = host?.ports.find(({ number, name }) => number === backend.port || name === backend.port);
      if (host === undefined || port === undefined || seen.has(port)) return [];
      seen.add(port);
      if (mayBeLedIn(mesh, host, port, backend.host ?? host.host)) return [];
      return [
        finding(mesh, ingress, backend.path, {
          severity: "warning",
          rule: "ingress-closed",
          message: `It leads to ${host.host}:${String(port.number)}, where no caller without a sidecar gets in: calls of its controller fail, unless its pods have a sidecar and an account that is let in.`,
          remedy:
            "Lead callers there by a Gateway and a VirtualService; or put the controller's pods into the mesh, and let their account in.",
        }),
      ];
    });
  });
}

/** Services with an address outside, behind which nobody takes calls from there. */
function exposedFindings(mesh: IstioMesh): readonly Finding[] {
  return [...mesh.state.services.values()].flatMap((service): readonly Finding[] => {
    const host = service.exposed ? mesh.registry.hostOf(service) : undefined;
    if (host === undefined) return [];
    const pods = host.ports
      .flatMap((port) => mesh.registry.endpoints(host, port))
      .flatMap(({ ip }) => mesh.podOfIp(ip) ?? []);
    if (pods.length === 0 || pods.some(isGatewayPod)) return [];
    if (host.ports.some((port) => mayBeLedIn(mesh, host, port, host.host))) return [];
    return [
      {
        severity: "warning",
        rule: "ingress-closed",
        object: `Service ${keyOf(service.namespace, service.name)}`,
        message:
          "It has an address outside of the cluster, and no caller without a sidecar gets into the pods behind it.",
        remedy: "Make it a Service of type ClusterIP, and lead callers to it by a Gateway and a VirtualService.",
      },
    ];
  });
}

/** Whether calls pass that have no sidecar's TLS, or those of somebody whom the objects do not show, who may be the controller. */
function mayBeLedIn(mesh: IstioMesh, host: KnownHost, port: HostPort, authority: string): boolean {
  const sent = port.protocol === "tcp" ? undefined : authority;
  const tree = callTree(mesh, "outside", `${host.host}:${String(port.number)}`, { authority: sent });
  if (mayPass(tree, sent)) return true;
  return mesh.registry
    .endpoints(host, port)
    .flatMap(({ ip }) => mesh.podOfIp(ip) ?? [])
    .flatMap((pod) => mesh.policiesOf(pod).allow)
    .some((policy) => policy.rules.some((rule) => isForUnseen(mesh, policy, rule)));
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
