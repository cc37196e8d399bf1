import { type FenceReach, type PreviewFenceArgs } from "../args";
import { type FencePolicy, isPreviewNamespace, literal, ofUser } from "./policy";

/** Each route of each reach, as the policy spells a TrafficTarget's parts. */
function spelt({ from, to, routes }: FenceReach): readonly string[] {
  return routes.map((route) => `${from} ${to} ${route}`);
}

/**
 * The previews' identity writes into previews' namespaces alone, and the TrafficTargets that are said: all else in dry runs, in which
 * the engine plans.
 */
export function placePolicy({ user, label, reaches = [] }: PreviewFenceArgs): FencePolicy {
  return {
    name: "place",
    rules: [{ apiGroups: ["*"], apiVersions: ["*"], resources: ["*/*"], operations: ["*"] }],
    conditions: ofUser(user),
    variables: {
      reaches: literal(reaches.flatMap(spelt)),
      // A TrafficTarget that lets accounts of one preview send requests that are said, and nothing else.
      isReach: [
        isPreviewNamespace("object.metadata.name"),
        `object.metadata.?labels[${literal(label)}].orValue('') == object.metadata.name.split('-')[1]`,
        "object.spec.destination.namespace == object.metadata.namespace",
        "size(object.spec.sources) > 0 && size(object.spec.rules) > 0",
        "object.spec.rules.all(rule, rule.kind == 'HTTPRouteGroup' && size(rule.matches) > 0" +
          " && rule.matches.all(match, object.spec.sources.all(source," +
          " source.namespace.startsWith('pr-' + object.metadata.name.split('-')[1] + '-')" +
          " && (source.namespace.replace('pr-' + object.metadata.name.split('-')[1] + '-', '', 1) + '/' + source.name" +
          " + ' ' + object.spec.destination.namespace + '/' + object.spec.destination.name" +
          " + ' ' + rule.name + '/' + match) in variables.reaches)))",
      ].join(" && "),
    },
    validations: {
      "Previews write into namespaces whose names begin with pr-NUMBER- alone.": [
        "request.?dryRun.orValue(false)",
        // The namespace of a Namespace is itself; what belongs to the cluster has none.
        `has(request.namespace) && ${isPreviewNamespace("request.namespace")}`,
        "request.resource.resource == 'traffictargets' && request.resource.group == 'access.smi-spec.io'" +
          ` && (request.operation == 'DELETE' ? ${isPreviewNamespace("request.name")} : variables.isReach)`,
      ].join(" || "),
    },
  };
}
