import { type CallTree, end, failure, undefinedChoice } from "../../analysis/call-tree";
import { describeObject } from "../../manifests";
import { type Reason } from "../../request/request";
import { type IstioPlane } from "../plane";
import { type PortOfHost } from "../registry";
import { type Scope } from "./scope";

/**
 * What becomes of connections to a Service that a TCPRoute or TLSRoute takes over from sidecars: it is not followed, and may be anything.
 *
 * @param routed whether the answer is one of HTTP.
 * @returns undefined where no such route is for the callers of the scope.
 */
export function byGatewayApi(
  { state }: IstioPlane,
  scope: Scope,
  { host: { service }, port }: PortOfHost,
  routed: boolean,
): CallTree | undefined {
  if (service === undefined) return undefined;
  const routes = state.serviceRoutes.filter(
    ({ namespace, services }) =>
      (namespace === service.namespace || namespace === scope.namespace) &&
      services.some(
        (parent) =>
          parent.name === service.name &&
          parent.namespace === service.namespace &&
          (parent.port ?? port.number) === port.number,
      ),
  );
  if (routes.length === 0) return undefined;
  const because = routes.map(({ object }): Reason => ({ text: describeObject(object), object }));
  const text = "where a route of the Gateway API leads is not followed here";
  return undefinedChoice<CallTree>(
    "not-followed",
    [end("allowed", because), failure(routed, text, because)],
    [...because, { text }],
  );
}
