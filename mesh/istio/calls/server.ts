import { type CallTree, type Content, end, type End, failure, undefinedChoice } from "../../analysis/call-tree";
import { memo } from "../../cluster/look-up";
import { type PodState } from "../../cluster/workloads";
import { authorization } from "../authorization/decision";
import { type Peer } from "../authorization/peer";
import { type Sending } from "../authorization/rule";
import { type IstioPlane } from "../plane";
import { type Reason } from "../../request/request";
import { callGateway } from "./gateway";
import { isGatewayPod, leavesInbound } from "./interception";

/** How a connection comes to a pod. */
export type Channel =
  | { readonly kind: "plain" }
  /** The mesh's own TLS, of a sidecar: with the caller's own certificate. */
  | { readonly kind: "mutual"; readonly serverName: string }
  /** TLS that the caller speaks itself, with the mesh's certificate or without one. */
  | { readonly kind: "own"; readonly principal: string | undefined; readonly serverName: string };

/** A pod's address and port, and by what name they were called. */
export interface Called {
  readonly ip: string;
  readonly port: number;
  /** Who answers, `namespace/name` of a Service or pod. */
  readonly backend: string;
  /** Which of a Service's pods were called. Default: any. */
  readonly subset?: string;
}

/** What a pod does with a connection, by who calls: its identity counts where it shows it. */
export function callServer(
  plane: IstioPlane,
  pod: PodState | undefined,
  called: Called,
  channel: Channel,
  content: Content,
): (caller: Peer) => CallTree {
  const { routed } = content;
  const { backend, ip, port, subset } = called;
  const lost = plane.listens(ip, port) ? undefined : `nothing listens on port ${String(port)} of ${backend}`;
  const guarded = pod !== undefined && plane.state.hasSidecar(pod);
  if (guarded && isGatewayPod(pod) && !leavesInbound(pod, port)) {
    return callGateway(plane, pod, called, channel, content);
  }
  if (pod !== undefined && plane.state.isAmbient(pod)) {
    const tree = inAmbientMode(routed, backend, backend);
    return () => tree;
  }
  if (!guarded || leavesInbound(pod, port)) {
    const why = guarded ? `port ${String(port)} bypasses the sidecar of ${backend}` : `${backend} has no sidecar`;
    const tree =
      channel.kind === "mutual"
        ? failure(routed, `${why}, and cannot read the mesh's TLS`)
        : lost === undefined
          ? passed([{ text: why }], backend, subset)
          : failure(routed, lost, [{ text: why }]);
    return () => tree;
  }
  const mode = plane.authentication.modeOf(pod, port);
  const taken = takes(mode, plane.inboundProtocol(pod, port), channel, content);
  if ("refused" in taken) {
    const tree = failure(routed, `${taken.refused} (${backend}, port ${String(port)}: mTLS ${mode})`);
    return () => tree;
  }
  const { shows } = taken;
  const peerOf = (peer: Peer): Peer => (shows === "own" ? peer : { principal: shows?.principal, ip: peer.ip });
  const serverName = channel.kind === "plain" ? undefined : channel.serverName;
  if (!taken.http) {
    const answer = authorizationBy(plane, pod, called, { serverName, authority: undefined }, lost);
    return (caller) => asAnswered(answer(peerOf(caller)), routed);
  }
  // What is inside of the caller's own TLS is not read where that is inside of a sidecar's.
  const authority = channel.kind === "mutual" && content.tls !== undefined ? undefined : content.authority;
  if (authority === undefined) {
    const tree = failure(
      routed,
      `port ${String(port)} of ${backend} is HTTP: bytes that are not HTTP end the connection`,
    );
    return () => tree;
  }
  const form = plane.state.settings.pathNormalization;
  const answer = authorizationBy(plane, pod, called, { serverName, authority }, lost);
  const normalised = memo((tree: CallTree): CallTree =>
    form === "NONE" || tree.kind === "end" ? tree : { kind: "normalised", form, tree },
  );
  return (caller) => normalised(answer(peerOf(caller)));
}

function passed(because: readonly Reason[], backend: string, subset: string | undefined): End {
  const answer = end("allowed", because, backend);
  return subset === undefined ? answer : { ...answer, subset };
}

/** What comes of calls to or from pods for which their nodes speak. */
export function inAmbientMode(routed: boolean, who: string, backend: string): CallTree {
  return notFollowed(routed, [{ text: `${who} is in ambient mode, which is not followed here` }], backend);
}

/** What comes of calls that may pass or fail, by something that is not followed. */
export function notFollowed(routed: boolean, because: readonly Reason[], backend: string): CallTree {
  return undefinedChoice<CallTree>("not-followed", [
    end("allowed", because, backend),
    failure(routed, undefined, because),
  ]);
}

/** What a pod's policies make of what is sent to it, by who sends. */
function authorizationBy(
  { policiesOf, shadowOf, state }: IstioPlane,
  pod: PodState,
  { ip, port, backend, subset }: Called,
  sending: Omit<Sending, "destination" | "shadow" | "tokens">,
  lost: string | undefined,
): (peer: Peer) => CallTree {
  const policies = policiesOf(pod);
  const isHttp = sending.authority !== undefined;
  const allowed = (because: readonly Reason[]): CallTree =>
    lost === undefined ? passed(because, backend, subset) : failure(isHttp, lost, because);
  const by = (shadow: Sending["shadow"]): ((peer: Peer) => CallTree) =>
    authorization(policies, { destination: { ip, port }, shadow, ...sending }, state.settings, backend, allowed);
  const shadow = shadowOf(pod);
  if (shadow === undefined) return by(undefined);
  // What the shadow rules ask for depends on who sends.
  return (peer) => by(shadow.filter(({ principals }) => principals.some((one) => one === peer.principal)))(peer);
}

/** What a connection is taken for: by whom, and whether its requests are read. */
type Taken =
  | {
      readonly http: boolean;
      /** A certificate with the caller's own identity, or another one that it shows. */
      readonly shows: "own" | { readonly principal: string } | undefined;
    }
  | { readonly refused: string };

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
      return { http: protocol === "http" || (protocol === "auto" && routed), shows: "own" };
    case "plain":
      if (mode === "STRICT") return { refused: "its sidecar takes no plain text" };
      return { http: protocol === "http" || (protocol === "auto" && isHttp), shows: undefined };
    case "own": {
      const { principal } = channel;
      if (mode === "STRICT") {
        return principal === undefined
          ? { refused: "its sidecar wants a certificate of the mesh, and the caller shows none" }
          : { http: protocol === "http", shows: { principal } };
      }
      // Without a sidecar's application protocol TLS is no mutual TLS to it: bytes like others, on ports that are not HTTP.
      return protocol === "http"
        ? { refused: "its sidecar takes no TLS but that of sidecars" }
        : { http: false, shows: undefined };
    }
  }
}

/** What a refused connection comes to for a caller whose sidecar sent it by an HTTP route. */
export function asAnswered(tree: CallTree, routed: boolean): CallTree {
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
