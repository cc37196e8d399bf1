import { type FenceReach, type PreviewFenceArgs } from "../args";
import { type FencePolicy, isPreviewNamespace, literal, ofUser } from "./policy";

/** Each route of each reach, as the policy spells a TrafficTarget's parts. */
function spelt({ from, to, routes = [] }: FenceReach): readonly string[] {
  return routes.map((route) => `${from} ${to} ${route}`);
}

/** The number of the pull request, as text, in the name of an object outside of previews' namespaces. */
const numberInName = "object.metadata.name.split('-')[1]";

/** A TrafficTarget that lets accounts of one preview send requests that are said, and nothing else. */
const isTarget = [
  "object.spec.destination.namespace == object.metadata.namespace",
  "size(object.spec.sources) > 0 && size(object.spec.rules) > 0",
  "object.spec.rules.all(rule, rule.kind == 'HTTPRouteGroup' && size(rule.matches) > 0" +
    " && rule.matches.all(match, object.spec.sources.all(source," +
    ` source.namespace.startsWith('pr-' + ${numberInName} + '-')` +
    ` && (source.namespace.replace('pr-' + ${numberInName} + '-', '', 1) + '/' + source.name` +
    " + ' ' + object.spec.destination.namespace + '/' + object.spec.destination.name" +
    " + ' ' + rule.name + '/' + match) in variables.reaches)))",
].join(" && ");

/**
 * An AuthorizationPolicy that lets one account of one preview send requests that are said to the pods that are said, and is nothing else: CEL
 * has no value whose parts are of several types, so that each part is compared by itself.
 */
function isAuthorization({ from, to, port, selector, operations }: FenceReach): readonly string[] {
  if (selector === undefined || operations === undefined) return [];
  const [fromNamespace = "", fromName = ""] = from.split("/");
  const [namespace = "", name = ""] = to.split("/");
  const asked = operations.map((operation) => ({ operation: { ports: [String(port)], ...operation } }));
  const principal = `'cluster.local/ns/pr-' + ${numberInName} + ${literal(`-${fromNamespace}/sa/${fromName}`)}`;
  return [
    [
      `object.metadata.namespace == ${literal(namespace)}`,
      `object.metadata.name == 'pr-' + ${numberInName} + ${literal(`-${fromNamespace}.${fromName}.${name}`)}`,
      "has(object.spec) && object.spec.all(key, key in ['action', 'rules', 'selector']) && object.spec.?action.orValue('ALLOW') == 'ALLOW'",
      `object.spec.?selector.orValue({}) == ${literal({ matchLabels: selector })}`,
      "size(object.spec.?rules.orValue([])) == 1 && object.spec.rules[0].all(key, key in ['from', 'to'])",
      `object.spec.rules[0].?from.orValue([]) == [{'source': {'principals': [${principal}]}}]`,
      `object.spec.rules[0].?to.orValue([]) == ${literal(asked)}`,
    ].join(" && "),
  ];
}

/** The kind of object by which previews reach others, and when one is what is said. */
interface ReachingObjects {
  readonly resource: string;
  readonly group: string;
  /** CEL of `object`, by these variables. */
  readonly isSaid: string;
  readonly variables: Readonly<Record<string, string>>;
}

function reachingObjects({ mesh, reaches = [] }: PreviewFenceArgs): ReachingObjects {
  if (mesh !== "istio") {
    return {
      ...{ resource: "traffictargets", group: "access.smi-spec.io", isSaid: isTarget },
      variables: { reaches: literal(reaches.flatMap(spelt)) },
    };
  }
  const said = reaches.flatMap(isAuthorization).map((one) => `(${one})`);
  return {
    ...{ resource: "authorizationpolicies", group: "security.istio.io", variables: {} },
    isSaid: said.length === 0 ? "false" : `(${said.join(" || ")})`,
  };
}

/**
 * The previews' identity writes into previews' namespaces alone, and the TrafficTargets or AuthorizationPolicies that are said: all else in dry
 * runs, in which the engine plans.
 */
export function placePolicy(args: PreviewFenceArgs): FencePolicy {
  const { user, label } = args;
  const { resource, group, isSaid, variables } = reachingObjects(args);
  return {
    name: "place",
    rules: [{ apiGroups: ["*"], apiVersions: ["*"], resources: ["*/*"], operations: ["*"] }],
    conditions: ofUser(user),
    variables: {
      ...variables,
      isReach: [
        isPreviewNamespace("object.metadata.name"),
        `object.metadata.?labels[${literal(label)}].orValue('') == ${numberInName}`,
        isSaid,
      ].join(" && "),
    },
    validations: {
      "Previews write into namespaces whose names begin with pr-NUMBER- alone.": [
        "request.?dryRun.orValue(false)",
        // The namespace of a Namespace is itself; what belongs to the cluster has none.
        `has(request.namespace) && ${isPreviewNamespace("request.namespace")}`,
        `request.resource.resource == '${resource}' && request.resource.group == '${group}'` +
          ` && (request.operation == 'DELETE' ? ${isPreviewNamespace("request.name")} : variables.isReach)`,
      ].join(" || "),
    },
  };
}
