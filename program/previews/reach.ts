import { type TrafficTarget } from "../../mesh/osm/kinds";
import { previewPrefix } from "./prefix";

/** The label of all that a preview has on a shared cluster; its value is the number of the pull request. */
export const previewLabel = "aks-mesh/preview";

/** What a preview on a shared cluster may call beside itself: one account of the preview, one of the shared workloads. */
export interface PreviewReach {
  /** The caller, `namespace/service account` without the preview's prefix. */
  readonly from: string;
  /** Whose pods are called, `namespace/service account`. */
  readonly to: string;
  /** The port that those pods listen on. */
  readonly port: number;
  /** What may be asked, each `HTTPRouteGroup/match`, as the called namespace has them. */
  readonly routes: readonly string[];
}

const split = (text: string): readonly [string, string] => {
  const at = text.indexOf("/");
  return [text.slice(0, at), text.slice(at + 1)];
};

/** The namespaces that a reach leads from, without a preview's prefix, and to. */
export function reachNamespaces({ from, to }: PreviewReach): { readonly from: string; readonly to: string } {
  return { from: split(from)[0], to: split(to)[0] };
}

/** The caller of a reach in one preview, `namespace/service account`. */
export function reachCaller(pullRequest: number, { from }: PreviewReach): string {
  return previewPrefix(pullRequest) + from;
}

/**
 * The object that lets one preview reach what is not its own: the only kind that a preview has outside of its namespaces, as
 * the mesh honours a TrafficTarget nowhere but in the namespace of who is called. It brings no routes: routes of its own could
 * come before those of the shared workloads and take their calls.
 */
export function reachTarget(pullRequest: number, reach: PreviewReach): TrafficTarget {
  const [fromNamespace, fromName] = split(reachCaller(pullRequest, reach));
  const [namespace, name] = split(reach.to);
  const groups = new Map<string, string[]>();
  for (const route of reach.routes) {
    const [group, match] = split(route);
    groups.set(group, [...(groups.get(group) ?? []), match]);
  }
  return {
    apiVersion: "access.smi-spec.io/v1alpha3",
    kind: "TrafficTarget",
    metadata: {
      name: `${fromNamespace}.${fromName}.${name}`,
      namespace,
      labels: { [previewLabel]: String(pullRequest) },
    },
    spec: {
      destination: { kind: "ServiceAccount", name, namespace },
      sources: [{ kind: "ServiceAccount", name: fromName, namespace: fromNamespace }],
      rules: [...groups].map(([group, matches]) => ({ kind: "HTTPRouteGroup", name: group, matches })),
    },
  };
}
