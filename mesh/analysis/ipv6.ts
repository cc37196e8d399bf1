import { describeObject, type KubernetesObject, type Manifests } from "../manifests";
import { listAt, textAt } from "../manifests/inside";
import { type Finding, finding } from "./finding";
import { type Mesh, type Unread } from "./mesh";

/**
 * The first object that shows that pods have IPv6 addresses. The rules of a pod's network are for IPv4: OSM's init container calls iptables-restore
 * alone, and Istio's takes the pod's first address for all of them, unless ISTIO_DUAL_STACK is on (tools/common/config, getLocalIP). Calls
 * by IPv6 pass both sidecars by.
 */
export function unreadIpv6({ objects }: Pick<Manifests, "objects">): readonly Unread[] {
  const object = objects.find(showsIpv6);
  if (object === undefined) return [];
  const why = `${describeObject(object)} shows that pods have IPv6 addresses: calls to these pass the sidecars by.`;
  return [{ object, namespace: undefined, layer: "sidecar", why }];
}

/** What is said of such an object: once, as it is the cluster that has IPv6. */
export function ipv6Findings(mesh: Mesh): readonly Finding[] {
  return mesh.unread
    .filter(({ object }) => showsIpv6(object))
    .map((one) =>
      finding(mesh, one, [], {
        severity: "warning",
        rule: "ipv6-not-caught",
        message:
          "Pods have IPv6 addresses here, and sidecars catch IPv4 alone: by IPv6 everybody reaches every pod in plain text, past all policies of the mesh.",
        remedy:
          "Use a cluster of IPv4, and Services of ipFamilyPolicy SingleStack; or close IPv6 by NetworkPolicies with ipBlock.",
      }),
    );
}

function showsIpv6(object: KubernetesObject): boolean {
  switch (object.kind) {
    case "Service":
      return (
        textAt(object, "spec", "ipFamilyPolicy") === "RequireDualStack" ||
        listAt(object, "spec", "ipFamilies").includes("IPv6") ||
        [textAt(object, "spec", "clusterIP"), ...listAt(object, "spec", "clusterIPs")].some(isIpv6)
      );
    case "Pod":
      return listAt(object, "status", "podIPs").some((one) => isIpv6(textAt(one, "ip")));
    case "EndpointSlice":
      return textAt(object, "addressType") === "IPv6";
    case "Node":
      return listAt(object, "spec", "podCIDRs").some(isIpv6);
    default:
      return false;
  }
}

function isIpv6(address: unknown): boolean {
  return typeof address === "string" && address.includes(":");
}
