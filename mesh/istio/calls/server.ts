import { type CallTree, type Content, end, failure } from "../../analysis/call-tree";
import { type PodState } from "../../cluster/workloads";
import { authorize } from "../authorization/decision";
import { type Peer } from "../authorization/peer";
import { type IstioPlane } from "../plane";
import { leavesInbound } from "./interception";

/** How a connection comes to a pod. */
export type Channel =
  | { readonly kind: "plain" }
  /** The mesh's own TLS, of a sidecar. */
  | { readonly kind: "mutual"; readonly principal: string; readonly serverName: string }
  /** TLS that the caller speaks itself, with the mesh's certificate or without one. */
  | { readonly kind: "own"; readonly principal: string | undefined; readonly serverName: string };

/** A pod's address and port, and by what name they were called. */
export interface Called {
  readonly ip: string;
  readonly port: number;
  /** Who answers, `namespace/name` of a Service or pod. */
  readonly backend: string;
}

/** What a pod does with a connection. */
export function callServer(
  plane: IstioPlane,
  pod: PodState | undefined,
  called: Called,
  sourceIp: string,
  channel: Channel,
  content: Content,
): CallTree {
  const { routed } = content;
  const { backend, ip, port } = called;
  const lost = plane.listens(ip, port) ? undefined : `nothing listens on port ${String(port)} of ${backend}`;
  const guarded = pod !== undefined && plane.state.hasSidecar(pod);
  if (!guarded || leavesInbound(pod, port)) {
    const why = guarded ? `port ${String(port)} bypasses the sidecar of ${backend}` : `${backend} has no sidecar`;
    if (channel.kind === "mutual") return failure(routed, `${why}, and cannot read the mesh's TLS`);
    if (lost !== undefined) return failure(routed, lost, [{ text: why }]);
    return end("allowed", [{ text: why }], backend);
  }
  const mode = plane.authentication.modeOf(pod, port);
  const protocol = plane.inboundProtocol(pod, port);
  const taken = takes(mode, protocol, channel, content);
  if ("refused" in taken) return failure(routed, `${taken.refused} (${backend}, port ${String(port)}: mTLS ${mode})`);
  const peer: Peer = {
    principal: taken.principal,
    ip: sourceIp,
    serverName: channel.kind === "plain" ? undefined : channel.serverName,
    destination: { ip, port },
  };
  if (!taken.http) {
    return asAnswered(
      authorize(plane.policiesOf(pod), { peer, authority: undefined }, plane.state.settings, backend, lost),
      routed,
    );
  }
  if (content.authority === undefined) {
    return failure(false, `port ${String(port)} of ${backend} is HTTP: bytes that are not HTTP end the connection`);
  }
  const tree = authorize(
    plane.policiesOf(pod),
    { peer, authority: content.authority, shadow: plane.shadowOf(pod) },
    plane.state.settings,
    backend,
    lost,
  );
  const form = plane.state.settings.pathNormalization;
  return form === "NONE" || tree.kind === "end" ? tree : { kind: "normalised", form, tree };
}

/** What a connection is taken for: by whom, and whether its requests are read. */
type Taken = { readonly http: boolean; readonly principal: string | undefined } | { readonly refused: string };

/** The filter chains of a port (pilot/pkg/networking/core/filterchain_options.go). */
function takes(
  mode: "STRICT" | "PERMISSIVE" | "DISABLE",
  protocol: "http" | "tcp" | "auto" | "udp",
  channel: Channel,
  { routed, authority, tls }: Content,
): Taken {
  // Of what is inside of the caller's own TLS no sidecar reads anything.
  const isHttp = authority !== undefined && tls === undefined;
  switch (channel.kind) {
    case "mutual":
      // On a TCP port it comes to the application as it is, which does not have the certificate that the caller's sidecar wants.
      if (mode === "DISABLE") return { refused: "its sidecar takes no TLS" };
      return { http: protocol === "http" || (protocol === "auto" && routed), principal: channel.principal };
    case "plain":
      if (mode === "STRICT") return { refused: "its sidecar takes no plain text" };
      return { http: protocol === "http" || (protocol === "auto" && isHttp), principal: undefined };
    case "own": {
      const { principal } = channel;
      if (mode === "STRICT") {
        return principal === undefined
          ? { refused: "its sidecar wants a certificate of the mesh, and the caller shows none" }
          : { http: protocol === "http", principal };
      }
      // Without a sidecar's application protocol TLS is no mutual TLS to it: bytes like others, on ports that are not HTTP.
      return protocol === "http"
        ? { refused: "its sidecar takes no TLS but that of sidecars" }
        : { http: false, principal: undefined };
    }
  }
}

/** What a refused connection comes to for a caller whose sidecar sent it by an HTTP route. */
function asAnswered(tree: CallTree, routed: boolean): CallTree {
  if (!routed) return tree;
  switch (tree.kind) {
    case "end":
      return tree.outcome === "refused" ? failure(true, undefined, tree.because) : tree;
    case "choice":
      return {
        ...tree,
        branches: tree.branches.map((branch) => ({ ...branch, tree: asAnswered(branch.tree, routed) })),
      };
    default:
      return tree;
  }
}
