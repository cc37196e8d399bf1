import { istioControlPlaneNamespace } from "../../istio-mesh";
import { isolationName } from "../../namespace-isolation";
import { type PreviewFenceArgs } from "../args";
import { type FencePolicy, inPreviews, literal, numberOfRequest } from "./policy";

const nameLabel = literal("kubernetes.io/metadata.name");

/** Services of previews answer inside the cluster, by their own pods. */
export function servicePolicy(): FencePolicy {
  return {
    name: "services",
    rules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["services"], operations: ["CREATE", "UPDATE"] }],
    conditions: inPreviews,
    validations: {
      "Services of previews are of type ClusterIP: no ports of nodes, no load balancers, no names of others.":
        "object.spec.?type.orValue('ClusterIP') == 'ClusterIP'",
      "Services of previews have no external IPs.": "size(object.spec.?externalIPs.orValue([])) == 0",
    },
  };
}

/** Whether all who are named are pods of the preview itself or of the system. */
const within = (peers: string): string =>
  `${peers}.all(peer, !has(peer.ipBlock) && (has(peer.namespaceSelector)` +
  " ? size(peer.namespaceSelector.?matchExpressions.orValue([])) == 0" +
  " && peer.namespaceSelector.?matchLabels.orValue({}) in variables.peers : has(peer.podSelector)))";

/** Network policies of previews let through what the isolation lets through, as they add up; and the isolation itself is whole. */
export function networkPolicy({ label, mesh, reaches = [] }: PreviewFenceArgs): FencePolicy {
  const open = reaches.map(({ from, to, port }) => ({
    from: from.split("/")[0],
    to: to.split("/")[0],
    port: String(port),
  }));
  const system = ["kube-system", ...(mesh === "istio" ? [istioControlPlaneNamespace] : [])];
  return {
    name: "network",
    rules: [
      {
        apiGroups: ["networking.k8s.io"],
        apiVersions: ["v1"],
        resources: ["networkpolicies"],
        operations: ["CREATE", "UPDATE"],
      },
    ],
    conditions: inPreviews,
    variables: {
      peers: `[{${literal(label)}: ${numberOfRequest}}, ${system.map((name) => `{${nameLabel}: '${name}'}`).join(", ")}]`,
      reaches: literal(open),
      ingress: "object.spec.?ingress.orValue([])",
      egress: "object.spec.?egress.orValue([])",
    },
    validations: {
      [`Pods of previews are called by pods of the same preview and of ${system.join(" and ")} alone.`]:
        "variables.ingress.all(rule, size(rule.?from.orValue([])) > 0 && " + within("rule.from") + ")",
      [`Pods of previews call pods of the same preview, of ${system.join(" and ")} and what previewReaches says alone.`]:
        "variables.egress.all(rule, size(rule.?to.orValue([])) > 0 && (" +
        within("rule.to") +
        ` || variables.reaches.exists(reach, 'pr-' + ${numberOfRequest} + '-' + reach.from == request.namespace` +
        " && rule.to.all(peer, !has(peer.ipBlock) && peer.?namespaceSelector.?matchLabels.orValue({})" +
        ` == {${nameLabel}: reach.to}) && rule.?ports.orValue([]).size() == 1` +
        " && string(rule.ports[0].?port.orValue(0)) == reach.port && !has(rule.ports[0].endPort))))",
      [`The network policy ${isolationName} is for all pods and both ways.`]: [
        `object.metadata.name != ${literal(isolationName)}`,
        "size(object.spec.podSelector.?matchLabels.orValue({})) == 0" +
          " && size(object.spec.podSelector.?matchExpressions.orValue([])) == 0" +
          " && 'Ingress' in object.spec.policyTypes && 'Egress' in object.spec.policyTypes",
      ].join(" || "),
    },
  };
}

/** The quota that isolates a namespace holds at most what it is meant to; a claim takes no volume of somebody else's. */
export function amountPolicies({ isolation: { quota = {} } }: PreviewFenceArgs): readonly FencePolicy[] {
  const operations = ["CREATE", "UPDATE"];
  const most = literal(quota);
  return [
    {
      name: "quotas",
      rules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["resourcequotas"], operations }],
      conditions: { ...inPreviews, "the-isolation": `object.metadata.name == ${literal(isolationName)}` },
      variables: { most, hard: "object.spec.?hard.orValue({})" },
      validations: {
        [`The quota ${isolationName} allows at most ${Object.entries(quota)
          .map(([key, amount]) => `${key} ${amount}`)
          .join(", ")}.`]:
          "variables.most.all(key, key in variables.hard" +
          " && quantity(string(variables.hard[key])).compareTo(quantity(variables.most[key])) <= 0)",
        [`The quota ${isolationName} counts all pods: leave scopes out.`]:
          "size(object.spec.?scopes.orValue([])) == 0 && !has(object.spec.scopeSelector)",
      },
    },
    {
      name: "claims",
      rules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["persistentvolumeclaims"], operations: ["CREATE"] }],
      conditions: inPreviews,
      validations: {
        "Claims of previews get a volume of their own: leave volumeName out.":
          "object.spec.?volumeName.orValue('') == ''",
      },
    },
  ];
}
