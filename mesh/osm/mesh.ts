import { clusterObjectFindings } from "../analysis/cluster-objects";
import { unreadIpv6 } from "../analysis/ipv6";
import { type Mesh } from "../analysis/mesh";
import { networkPolicyAdmission, unreadNetworkPolicies } from "../analysis/network-policy-objects";
import { type AskedService } from "../cluster/dns";
import { type Manifests } from "../manifests";
import { limitsOf } from "./call-limits";
import { callFrom } from "./calls/callers";
import { hasOtherWays, ownCalls } from "./calls/other-ways";
import { type ControlPlane, controlPlane } from "./control-plane";
import { osmExtent } from "./extent";
import { findings } from "./findings";
import { admissionFindings } from "./findings/admitted";
import { osmKinds } from "./kinds";
import { unmetAssumptions } from "./network-needs";
import { patternProblems } from "./patterns";
import { relation } from "./relation";
import { boundary } from "./boundary";
import { accountOfIdentity, keyOf, memoOnce } from "./state";

/** A mesh of OSM 1.2. */
export interface OsmMesh extends Mesh, ControlPlane {}

/**
 * Works out what OSM 1.2.4 would do for the objects.
 *
 * @param asked Services that requests will name; they are assumed to exist where the objects have no Service at all.
 */
export function osmMesh(
  manifests: Pick<Manifests, "objects"> & Partial<Manifests>,
  asked: readonly AskedService[] = [],
): OsmMesh {
  const plane = controlPlane(manifests, asked);
  const { state, catalog } = plane;
  const whole = memoOnce(() => relation(plane));
  const trees = new Map<string, ReturnType<Mesh["callTree"]>>();
  const mesh: OsmMesh = {
    ...plane,
    assumptions: state.assumptions,
    unmetAssumptions: memoOnce(() => unmetAssumptions(plane)),
    unread: [...unreadNetworkPolicies(manifests), ...unreadIpv6(manifests)],
    problems: [...state.problems, ...patternProblems(plane)],
    positions: state.positions,
    extent: osmExtent,
    pathNormalization: "NONE",
    everyone: state.switches.permissive
      ? "Permissive mode: every caller of the mesh reaches what any caller reaches."
      : undefined,
    access: whole,
    boundary: memoOnce(() => boundary(plane)),
    callTree: (from, to, sent) => {
      const who = from.kind === "outside" ? from.address : keyOf(from.namespace, from.serviceAccount);
      const key = [who, to.host, to.port, sent.authority ?? "\0", sent.serverName ?? "\0", sent.principal ?? "\0"].join(
        "\0",
      );
      let tree = trees.get(key);
      if (tree === undefined) trees.set(key, (tree = callFrom(plane, from, to, sent)));
      return tree;
    },
    // Sidecars know Services by their own names alone.
    authorities: () => [],
    likeness: () => (caller) => caller,
    limitsOf: (call) => limitsOf(plane, call),
    hasOtherWays: (caller) => hasOtherWays(plane, caller),
    ownCalls: () => ownCalls(plane),
    knownAccounts: memoOnce(() => {
      if (state.podsAssumed && state.accounts.size === 0) return undefined;
      const pods = state.pods.map(({ namespace, serviceAccount }) => keyOf(namespace, serviceAccount));
      return new Set([...whole().callers, ...state.accounts, ...pods]);
    }),
    accountsBehind: ({ service }) => {
      const found = state.services.get(service);
      return found === undefined ? [] : Array.from(catalog.identitiesOfService(found), accountOfIdentity);
    },
    admissionFindings: memoOnce(() => [
      ...admissionFindings(manifests),
      ...clusterObjectFindings(manifests, osmKinds),
      ...networkPolicyAdmission(manifests),
    ]),
    findings: memoOnce(() => findings(mesh, manifests)),
  };
  return mesh;
}
