import { type AuthorizationPolicy, istioKinds, type Operation } from "../../mesh/istio/kinds";
import { type TrafficTarget } from "../../mesh/osm/kinds";
import { previewPrefix } from "./prefix";

/** The label of all that a preview has on a shared cluster; its value is the number of the pull request. */
export const previewLabel = "aks-mesh/preview";

/** What may be asked, as a policy of Istio says it: both fields hold together, each by any of its values. */
export type ReachOperation = Pick<Operation, "methods" | "paths">;

/**
 * What a preview on a shared cluster may call beside itself: one account of the preview, one of the shared workloads. Which requests these are is
 * said for the mesh of the cluster, or for both.
 */
export interface PreviewReach {
  /** The caller, `namespace/service account` without the preview's prefix. */
  readonly from: string;
  /** Whose pods are called, `namespace/service account`. */
  readonly to: string;
  /** The port that those pods listen on. */
  readonly port: number;
  /** With Open Service Mesh what may be asked, each `HTTPRouteGroup/match`, as the called namespace has them. */
  readonly routes?: readonly string[];
  /** With Istio the labels by which the pods called are selected, as a policy there knows no accounts. */
  readonly selector?: Readonly<Record<string, string>>;
  /** With Istio what may be asked, each for itself. */
  readonly operations?: readonly ReachOperation[];
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

/** What names and holds the object by which a preview reaches an account. */
function metadataOf(pullRequest: number, reach: PreviewReach) {
  const [fromNamespace, fromName] = split(reachCaller(pullRequest, reach));
  const [namespace, name] = split(reach.to);
  return {
    name: `${fromNamespace}.${fromName}.${name}`,
    namespace,
    labels: { [previewLabel]: String(pullRequest) },
  };
}

/**
 * The object that lets one preview reach what is not its own with Open Service Mesh: the only kind that a preview has outside of its namespaces, as
 * the mesh honours a TrafficTarget nowhere but in the namespace of who is called. It brings no routes: routes of its own could
 * come before those of the shared workloads and take their calls.
 *
 * @returns undefined where the reach says nothing for that mesh.
 */
export function reachTarget(pullRequest: number, reach: PreviewReach): TrafficTarget | undefined {
  const { routes } = reach;
  if (routes === undefined) return undefined;
  const [fromNamespace, fromName] = split(reachCaller(pullRequest, reach));
  const [namespace, name] = split(reach.to);
  const groups = new Map<string, string[]>();
  for (const route of routes) {
    const [group, match] = split(route);
    groups.set(group, [...(groups.get(group) ?? []), match]);
  }
  return {
    apiVersion: "access.smi-spec.io/v1alpha3",
    kind: "TrafficTarget",
    metadata: metadataOf(pullRequest, reach),
    spec: {
      destination: { kind: "ServiceAccount", name, namespace },
      sources: [{ kind: "ServiceAccount", name: fromName, namespace: fromNamespace }],
      rules: [...groups].map(([group, matches]) => ({ kind: "HTTPRouteGroup", name: group, matches })),
    },
  };
}

/**
 * The same with Istio, which honours an AuthorizationPolicy nowhere but in the namespace of the pods that it is for. All policies of a pod are
 * one list without order, so that this one lets its caller in and changes nothing for others, where another policy has closed the pods before.
 *
 * @returns undefined where the reach says nothing for that mesh.
 */
export function reachAuthorization(pullRequest: number, reach: PreviewReach): AuthorizationPolicy | undefined {
  const { selector, operations, port } = reach;
  if (selector === undefined || operations === undefined) return undefined;
  const [fromNamespace, fromName] = split(reachCaller(pullRequest, reach));
  return {
    apiVersion: istioKinds.AuthorizationPolicy.apiVersion,
    kind: "AuthorizationPolicy",
    metadata: metadataOf(pullRequest, reach),
    spec: {
      selector: { matchLabels: selector },
      action: "ALLOW",
      rules: [
        {
          from: [{ source: { principals: [`cluster.local/ns/${fromNamespace}/sa/${fromName}`] } }],
          to: operations.map((operation) => ({ operation: { ports: [String(port)], ...operation } })),
        },
      ],
    },
  };
}

/** The objects that let one preview reach what a reach says: one for each mesh that it speaks of. */
export function reachObjects(
  pullRequest: number,
  reach: PreviewReach,
): readonly (TrafficTarget | AuthorizationPolicy)[] {
  return [reachTarget(pullRequest, reach), reachAuthorization(pullRequest, reach)].filter((one) => one !== undefined);
}
