import { type Caller, type Sent } from "../../analysis/mesh";
import { type CallTree, choice, end } from "../../analysis/call-tree";
import { type Address, resolveHost } from "../../cluster/dns";
import { type ControlPlane } from "../control-plane";
import { accountOf, identityOf, keyOf, type PodState } from "../state";
import { callAddress, type Client, podFaults, type Target } from "./client";
import { callPlain } from "./plain";
import { unknownHost } from "./refusal";
import { type Source } from "./server";

/** What happens to all the calls of a caller to an address that are sent alike. */
export function callFrom(mesh: ControlPlane, caller: Caller, { host, port }: Address, sent: Sent): CallTree {
  const namespace = caller.kind === "account" ? caller.namespace : "";
  const destination = resolveHost(mesh.state, namespace, host);
  if (destination.kind === "unknown") return end("refused", unknownHost(mesh.state, namespace, host));
  const ips: readonly (string | undefined)[] = destination.kind === "outside" ? [undefined] : destination.ips;
  if (ips.length === 0) {
    return end("refused", [{ text: `${host} has no endpoints, so that its name leads nowhere` }]);
  }
  const service = destination.kind === "service" ? { service: destination.service } : {};
  const { serverName, principal } = sent;
  const tls = serverName === undefined ? {} : { tls: { serverName, principal } };
  const target = { host, port, ...service, ...tls };
  const call = callsOf(mesh, caller, sent.authority);
  return choice<CallTree>(
    "endpoint",
    ips.map((ip) => ({ weight: 1, tree: call({ ip, ...target }) })),
  );
}

function callsOf(mesh: ControlPlane, caller: Caller, authority: string | undefined): (target: Target) => CallTree {
  if (caller.kind === "outside") {
    const source: Source = { ip: caller.address, end: { kind: "anybody", ip: caller.address } };
    return (target) => {
      const sends = target.tls === undefined ? "plain text" : "TLS of its own";
      const because = [{ text: `the caller is outside of the mesh: it has no sidecar and sends ${sends}` }];
      return callPlain(mesh, target, source, { routed: false, authority, tls: target.tls }, because);
    };
  }
  const client = clientOf(mesh, caller.namespace, caller.serviceAccount);
  return (target) => callAddress(mesh, client, target, authority);
}

/** A service account as a caller. */
export function clientOf(mesh: ControlPlane, namespace: string, name: string): Client {
  const pods = clientPods(mesh, namespace, name);
  const unseen = { namespace, labels: {}, annotations: {}, hostNetwork: false, running: false };
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
function clientPods(mesh: ControlPlane, namespace: string, serviceAccount: string): readonly PodState[] {
  const inside = mesh.catalog.podsOfAccount(keyOf(namespace, serviceAccount));
  if (inside.length > 0 || mesh.state.isMonitored(namespace)) return inside;
  return mesh.state.pods.filter((pod) => pod.namespace === namespace && pod.serviceAccount === serviceAccount);
}
