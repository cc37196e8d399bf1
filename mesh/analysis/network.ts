import { describeObject } from "../manifests";
import { type Passage } from "../network-policies";
import { type Reason } from "../request/request";
import { type CallTree, type End, failure, undefinedChoice } from "./call-tree";

/**
 * A connection that has to pass the network below the mesh before anything behind it can answer.
 *
 * @param http Whether the caller's sidecar sent it by an HTTP route, and so answers in place of a pod that cannot be reached.
 */
export function throughNetwork({ passes, stoppedBy }: Passage, http: boolean, go: () => CallTree): CallTree {
  if (passes === "yes") return go();
  const because = stoppedBy.flatMap(({ direction, policies }): readonly Reason[] => [
    ...policies.map(({ object }) => ({ text: describeObject(object), object })),
    {
      text:
        direction === "ingress"
          ? "the network stops the connection, below the mesh: NetworkPolicies isolate the pod that is called, and none lets the caller in"
          : "the network stops the connection, below the mesh: NetworkPolicies isolate the caller, and none lets it out to there",
    },
  ]);
  const stopped: End = { ...failure(http, undefined, because), layer: "network" };
  if (passes === "no") return stopped;
  return undefinedChoice<CallTree>(
    "network",
    [go(), stopped],
    [{ text: "whether the network lets the connection pass, the objects do not tell" }],
  );
}
