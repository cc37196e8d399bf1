import { describeObject } from "../../manifests";
import {
  type HttpMatchState,
  type HttpRouteState,
  type RouteDestinationState,
  type StringMatchState,
  type VirtualServiceState,
} from "../state/virtual-services";
import { isExportedTo } from "../state/named";
import { type IstioPlane } from "../plane";
import { resolveName } from "./virtual-hosts";

/** The rules of a VirtualService, those of the ones that it delegates to in the place of its own. */
export function rulesOf(plane: IstioPlane, service: VirtualServiceState): readonly HttpRouteState[] {
  return service.http.flatMap((route): readonly HttpRouteState[] => {
    const { delegate } = route;
    if (delegate === undefined) return [route];
    const other = delegateOf(plane, delegate);
    if (other === undefined || !isExportedTo(other, service.namespace)) return [];
    return mergedRules(route, other);
  });
}

/** The VirtualService that a rule delegates to: one without hosts. */
export function delegateOf(
  { state }: IstioPlane,
  delegate: { readonly namespace: string; readonly name: string },
): VirtualServiceState | undefined {
  return state.virtualServices.find(
    ({ namespace, name, hosts }) => namespace === delegate.namespace && name === delegate.name && hosts.length === 0,
  );
}

/**
 * What a rule becomes that delegates: the rules of the other VirtualService within its own matches. One whose matches contradict it is dropped.
 *
 * Source: pilot/pkg/model/virtualservice.go of Istio 1.31, mergeHTTPRoute.
 */
function mergedRules(root: HttpRouteState, delegate: VirtualServiceState): readonly HttpRouteState[] {
  return delegate.http.flatMap((inner): readonly HttpRouteState[] => {
    const matches = mergedMatches(root.matches, inner.matches);
    if (matches === undefined) return [];
    return [
      {
        ...inner,
        matches,
        destinations: inner.destinations.map((one) => inNamespace(one, delegate.namespace)),
        direct: inner.direct ?? root.direct,
        changes: inner.changes.isSaid ? inner.changes : root.changes,
        headers: inner.headers.isSaid ? inner.headers : root.headers,
        fault: inner.fault ?? root.fault,
        from: `${describeObject(delegate.object)} rule ${String(inner.index + 1)}`,
        index: root.index,
      },
    ];
  });
}

/** Short names are of the namespace of the VirtualService that has them. */
function inNamespace(destination: RouteDestinationState, namespace: string): RouteDestinationState {
  return { ...destination, host: resolveName(destination.host, namespace) };
}

/** Undefined where one of the inner matches is within none of the outer ones. */
function mergedMatches(
  outer: readonly HttpMatchState[],
  inner: readonly HttpMatchState[],
): readonly HttpMatchState[] | undefined {
  if (outer.length === 0) return inner;
  if (inner.length === 0) return outer;
  const merged: HttpMatchState[] = [];
  for (const one of inner) {
    const around = outer.filter((root) => !contradicts(root, one));
    if (around.length === 0) return undefined;
    merged.push(...around.map((root) => bothMatches(root, one)));
  }
  return merged;
}

/** What both matches ask for; of what both name the inner one's is narrower. */
function bothMatches(outer: HttpMatchState, inner: HttpMatchState): HttpMatchState {
  return {
    ...outer,
    ...inner,
    headers: new Map([...outer.headers, ...inner.headers]),
    withoutHeaders: new Map([...outer.withoutHeaders, ...inner.withoutHeaders]),
    queryParams: new Map([...outer.queryParams, ...inner.queryParams]),
    port: inner.port || outer.port,
    sourceLabels: { ...outer.sourceLabels, ...inner.sourceLabels },
    sourceNamespace: inner.sourceNamespace || outer.sourceNamespace,
    gateways: inner.gateways.length > 0 ? inner.gateways : outer.gateways,
  };
}

/** Whether a delegate's match is not within a root's (hasConflict). */
function contradicts(root: HttpMatchState, leaf: HttpMatchState): boolean {
  const named = (of: "headers" | "withoutHeaders" | "queryParams"): boolean =>
    [...leaf[of]].some(([name, value]) => textsContradict(root[of].get(name), value));
  return (
    (["uri", "scheme", "method", "authority"] as const).some((field) => textsContradict(root[field], leaf[field])) ||
    named("headers") ||
    named("withoutHeaders") ||
    named("queryParams") ||
    root.ignoreUriCase !== leaf.ignoreUriCase ||
    (root.port > 0 && leaf.port > 0 && root.port !== leaf.port) ||
    (root.sourceNamespace !== "" && leaf.sourceNamespace !== root.sourceNamespace) ||
    Object.entries(leaf.sourceLabels).some(([key, value]) => (root.sourceLabels[key] ?? value) !== value) ||
    (root.gateways.length > 0 && leaf.gateways.some((one) => !root.gateways.includes(one))) ||
    (root.gateways.length > 0 && root.gateways.length < leaf.gateways.length)
  );
}

/** Regular expressions are within nothing, and nothing is within them (stringMatchConflict). */
function textsContradict(root: StringMatchState | undefined, leaf: StringMatchState | undefined): boolean {
  if (root === undefined || leaf === undefined) return false;
  if (root.kind === "exact") return leaf.kind !== "exact" || leaf.value !== root.value;
  if (root.kind === "prefix" && (leaf.kind === "prefix" || leaf.kind === "exact")) {
    return !leaf.value.startsWith(root.value);
  }
  return true;
}
