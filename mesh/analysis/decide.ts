import { type OsmMesh } from "../osm/mesh";
import { accountOf, identityOf, keyOf, type PodState } from "../osm/state";
import { parseAddress, resolveHost } from "../cluster/dns";
import { type CallTree, causeOf, choice, end, outcomesOf, reasonsOf, sharesOf } from "./call-tree";
import { callAddress, type Client, podFaults } from "../osm/calls/client";
import { httpRequest } from "../request/match";
import { type CallRequest, statusOf, type Verdict } from "../request/request";
import { resolve } from "./resolve";

/** A request that cannot be decided because it is not well-formed. The message says which field, and what to write. */
export class RequestError extends Error {
  override readonly name = "RequestError";
}

/**
 * What happens to a call in a mesh of OSM 1.2.4.
 *
 * @throws {RequestError} where a field of the request is missing or malformed.
 */
export function decide(mesh: OsmMesh, request: CallRequest): Verdict {
  const http = request.protocol === "http";
  const authority = http ? (request.host ?? request.to) : undefined;
  const tree = resolve(callTree(mesh, request.from, request.to, authority), http ? httpRequest(request) : undefined);
  const [first = "refused", ...others] = [...outcomesOf(tree)].sort();
  const backends = sharesOf(tree);
  const because = reasonsOf(tree);
  if (others.length === 0) return { outcome: first, status: statusOf(first, request.protocol), backends, because };
  return {
    outcome: "varies",
    status: null,
    backends,
    because,
    outcomes: [first, ...others],
    variesBy: causeOf(tree) ?? "endpoint",
  };
}

/** Trees that a mesh was asked for, by caller, address and host. */
const treesByMesh = new WeakMap<OsmMesh, Map<string, CallTree>>();

/**
 * What happens to all the calls from an account to an address under one Host header.
 *
 * @param authority Host header; undefined for bare TCP connections.
 * @throws {RequestError} where `from` or `to` is malformed.
 */
export function callTree(mesh: OsmMesh, from: string, to: string, authority: string | undefined): CallTree {
  let trees = treesByMesh.get(mesh);
  if (trees === undefined) treesByMesh.set(mesh, (trees = new Map()));
  const key = `${from}\0${to}\0${authority ?? "\0"}`;
  let tree = trees.get(key);
  if (tree === undefined) {
    tree = walk(mesh, from, to, authority);
    trees.set(key, tree);
  }
  return tree;
}

function walk(mesh: OsmMesh, from: string, to: string, authority: string | undefined): CallTree {
  const [namespace = "", name = "", ...rest] = from.split("/");
  if (namespace === "" || name === "" || rest.length > 0) {
    throw new RequestError(`"from" must be "namespace/service-account", is ${JSON.stringify(from)}.`);
  }
  const address = parseAddress(to);
  if (address === undefined) throw new RequestError(`"to" must be "host:port", is ${JSON.stringify(to)}.`);
  const destination = resolveHost(mesh.catalog, namespace, address.host);
  if (destination.kind === "unknown") {
    return end("refused", [{ text: `no Service has the name ${address.host}` }]);
  }
  const ips: readonly (string | undefined)[] = destination.kind === "outside" ? [undefined] : destination.ips;
  if (ips.length === 0) {
    return end("refused", [{ text: `${address.host} has no endpoints, so that its name leads nowhere` }]);
  }
  const client = clientOf(mesh, namespace, name);
  const { host, port } = address;
  const service = destination.kind === "service" ? { service: destination.service } : {};
  return choice<CallTree>(
    "endpoint",
    ips.map((ip) => ({ weight: 1, tree: callAddress(mesh, client, { ip, host, port, ...service }, authority) })),
  );
}

/** A service account as a caller. */
export function clientOf(mesh: OsmMesh, namespace: string, name: string): Client {
  const pods = clientPods(mesh, namespace, name);
  const unseen = { namespace, labels: {}, annotations: {}, hostNetwork: false };
  const inMesh = pods.length === 0 ? mesh.state.hasSidecar(unseen) : pods.some(mesh.state.hasSidecar);
  return {
    key: keyOf(namespace, name),
    identity: identityOf(namespace, name),
    account: accountOf(namespace, name),
    inMesh,
    pods,
    faults: inMesh ? podFaults(mesh, pods) : [],
  };
}

/** Pods that run under the account, whatever their namespace's part in the mesh. */
function clientPods(mesh: OsmMesh, namespace: string, serviceAccount: string): readonly PodState[] {
  const inside = mesh.catalog.podsOfAccount(keyOf(namespace, serviceAccount));
  if (inside.length > 0 || mesh.state.isMonitored(namespace)) return inside;
  return mesh.state.pods.filter((pod) => pod.namespace === namespace && pod.serviceAccount === serviceAccount);
}
