import { type OsmMesh } from "../mesh";
import { accountOf, identityOf, type PodState } from "../state";
import { parseAddress, resolveHost } from "./address";
import { callAddress } from "./client";
import { httpRequest } from "./match";
import { causeOf, choice, outcomesOf, type OutcomeTree, reasonsOf, sharesOf } from "./outcome-tree";
import { type CallRequest, statusOf, type Verdict } from "./request";

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
  const tree = outcomeTree(mesh, request);
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

/** All that can happen to a call. */
export function outcomeTree(mesh: OsmMesh, request: CallRequest): OutcomeTree {
  const [namespace = "", name = "", ...rest] = request.from.split("/");
  if (namespace === "" || name === "" || rest.length > 0) {
    throw new RequestError(`"from" must be "namespace/service-account", is ${JSON.stringify(request.from)}.`);
  }
  const address = parseAddress(request.to);
  if (address === undefined) {
    throw new RequestError(`"to" must be "host:port", is ${JSON.stringify(request.to)}.`);
  }
  const { catalog } = mesh;
  const destination = resolveHost(catalog, namespace, address.host);
  if (destination.kind === "unknown" || (destination.kind !== "outside" && destination.ips.length === 0)) {
    const text =
      destination.kind === "unknown"
        ? `no Service has the name ${address.host}`
        : `${address.host} has no endpoints, so that its name leads nowhere`;
    return { outcome: "refused", because: [{ text }] };
  }
  const http = request.protocol === "http" ? httpRequest(request) : undefined;
  const inMesh = mesh.state.isMonitored(namespace);
  const account = accountOf(identityOf(namespace, name));
  const pods = clientPods(mesh, namespace, name);
  const ips = destination.kind === "outside" ? [undefined] : destination.ips;
  return choice(
    "endpoint",
    ips.map((ip) => ({
      weight: 1,
      tree: callAddress(
        mesh,
        { identity: identityOf(namespace, name), account, inMesh, pods },
        { ip, host: address.host, port: address.port },
        http,
      ),
    })),
  );
}

/** Pods that run under the account, whatever their namespace's part in the mesh. */
function clientPods(mesh: OsmMesh, namespace: string, serviceAccount: string): readonly PodState[] {
  const inside = mesh.catalog.podsOfAccount(`${namespace}/${serviceAccount}`);
  if (inside.length > 0) return inside;
  return mesh.state.pods.filter((pod) => pod.namespace === namespace && pod.serviceAccount === serviceAccount);
}
