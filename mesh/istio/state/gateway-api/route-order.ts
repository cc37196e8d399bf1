import { type HttpRouteState } from "../virtual-services";

const ranks: Readonly<Record<string, number>> = { exact: 3, prefix: 2, pathPrefix: 2, regex: 1 };

/**
 * Orders rules of routes, each with one match, as gateways try them (pilot/pkg/config/kube/gateway/conversion.go, sortHTTPRoutes): exact paths, prefixes,
 * patterns, of each the longer first; then those for a method, and those for more headers and more query parameters; what takes any request last.
 * Equal ones stay in the order of the older route and of its list.
 */
export function routeOrder(a: HttpRouteState, b: HttpRouteState): number {
  const [x, y] = [weightsOf(a), weightsOf(b)];
  for (const [index, weight] of x.entries()) {
    const other = y[index] ?? 0;
    if (weight !== other) return other - weight;
  }
  return 0;
}

function weightsOf({ matches: [match] }: HttpRouteState): readonly number[] {
  if (match === undefined) return [0, 0, 0, 0, 0, 0];
  const { uri, method, headers, queryParams } = match;
  return [
    1,
    uri === undefined ? -1 : (ranks[uri.kind] ?? -1),
    uri?.value.length ?? 0,
    method === undefined ? 0 : 1,
    headers.size,
    queryParams.size,
  ];
}
