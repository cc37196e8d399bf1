import { parseAddress } from "../cluster/dns";
import { httpRequest } from "../request/match";
import { type CallRequest, statusOf, type Verdict } from "../request/request";
import { type CallTree, causeOf, endsOf, reasonsOf, sharesOf } from "./call-tree";
import { type Mesh } from "./mesh";
import { resolve } from "./resolve";

/** A request that cannot be decided because it is not well-formed. The message says which field, and what to write. */
export class RequestError extends Error {
  override readonly name = "RequestError";
}

/**
 * What happens to a call.
 *
 * @throws {RequestError} where a field of the request is missing or malformed.
 */
export function decide(mesh: Mesh, request: CallRequest): Verdict {
  const http = request.protocol === "http";
  const authority = http ? (request.host ?? request.to) : undefined;
  const tree = resolve(callTree(mesh, request.from, request.to, authority), http ? httpRequest(request) : undefined);
  const ends = endsOf(tree);
  const [first = "refused", ...others] = [...new Set(ends.map(({ outcome }) => outcome))].sort();
  const backends = sharesOf(tree);
  const because = reasonsOf(tree);
  if (others.length === 0) {
    const [status = null, ...more] = new Set(ends.map((one) => statusOf(one, request.protocol)));
    return { outcome: first, status: more.length === 0 ? status : null, backends, because };
  }
  return {
    outcome: "varies",
    status: null,
    backends,
    because,
    outcomes: [first, ...others],
    variesBy: causeOf(tree) ?? "endpoint",
  };
}

/**
 * What happens to all the calls from an account to an address under one Host header.
 *
 * @param from `namespace/service account`.
 * @param to `host:port`.
 * @param authority Host header; undefined for bare TCP connections.
 * @throws {RequestError} where `from` or `to` is malformed.
 */
export function callTree(mesh: Mesh, from: string, to: string, authority: string | undefined): CallTree {
  const [namespace = "", serviceAccount = "", ...rest] = from.split("/");
  if (namespace === "" || serviceAccount === "" || rest.length > 0) {
    throw new RequestError(`"from" must be "namespace/service-account", is ${JSON.stringify(from)}.`);
  }
  const address = parseAddress(to);
  if (address === undefined) throw new RequestError(`"to" must be "host:port", is ${JSON.stringify(to)}.`);
  return mesh.callTree({ namespace, serviceAccount }, address, authority);
}
