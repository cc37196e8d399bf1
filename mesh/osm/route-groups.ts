import { type Policy, type PolicyRoute } from "../policy/model";
import { type HTTPRouteGroup, osmKinds } from "./kinds";

/** A group of the policy's routes. */
export function routeGroup(policy: Policy, group: string, namespace: string): HTTPRouteGroup {
  return {
    apiVersion: osmKinds.HTTPRouteGroup.apiVersion,
    kind: "HTTPRouteGroup",
    metadata: { name: group, namespace },
    spec: {
      matches: Object.entries(policy.routes?.[group] ?? {}).map(([name, route]) => httpMatch(name, route)),
    },
  };
}

function httpMatch(name: string, route: PolicyRoute) {
  return {
    name,
    ...(route.path !== undefined && { pathRegex: route.path }),
    ...(route.methods !== undefined && { methods: route.methods }),
    ...(route.headers !== undefined && {
      headers: Object.entries(route.headers).map(([name, value]) => ({ [name]: value })),
    }),
  };
}
