import * as fc from "fast-check";
import { arbitraryCase } from "./generate/case";
import { type DataPlane, type LiveAnswer, type LiveVerdict } from "./data-plane";
import { type Claim, convertCase, isBelowMesh, mayPart, type Parting } from "./round-trip-case";

/** Requests drawn about each policy: its sidecars have to start first, twice. */
const requestsPerPolicy = 40;

/** What came of sending the same requests through the real sidecars of both meshes. */
export interface LiveRoundTrip {
  /** Requests that were sent through both. */
  readonly sent: number;
  /** Policies that were converted, and that were not as nothing is claimed of them. */
  readonly policies: number;
  readonly refused: number;
  /** Requests that passed in both. */
  readonly passed: number;
  /** Requests that in one of the meshes do not always end the same way: nothing can be said of one call. */
  readonly varying: number;
  /** Requests that ended differently once, and alike when they were asked again: a call was lost on the way. */
  readonly lost: number;
  readonly partings: readonly Parting[];
}

/** The data planes of the two meshes. */
export interface DataPlanes {
  readonly osm: DataPlane;
  readonly istio: DataPlane;
}

/**
 * Converts random policies of OSM and sends requests through real sidecars before and after, until so many were sent. What ends differently is
 * asked again, by sidecars that start anew: it counts where it does so both times.
 */
export async function roundTripLive({ osm, istio }: DataPlanes, seed: number, wanted: number): Promise<LiveRoundTrip> {
  const partings: Parting[] = [];
  let [sent, policies, refused, passed, varying, lost] = [0, 0, 0, 0, 0, 0];
  for (let round = 0; sent < wanted; round += 1) {
    const [asked] = fc.sample(arbitraryCase(requestsPerPolicy, true), { seed: seed + round, numRuns: 1 });
    if (asked === undefined) continue;
    const conversion = convertCase(asked);
    if ("refused" in conversion) {
      refused += 1;
      continue;
    }
    const { converted, claimed } = conversion;
    if (claimed.length === 0) continue;
    policies += 1;
    const ask = async (claims: readonly Claim[]): Promise<readonly Asked[]> => {
      const requests = claims.map(({ request }) => request);
      const [[before], [after]] = await Promise.all([
        osm.ask([{ objects: asked.objects, requests }]),
        istio.ask([{ objects: converted, requests }]),
      ]);
      return claims.map((claim, at) => ({ claim, osm: verdictOf(before, at), istio: verdictOf(after, at) }));
    };
    const answered = (await ask(claimed)).filter((one) => one.osm.error === undefined && one.istio.error === undefined);
    sent += answered.length;
    passed += answered.filter((one) => isAllowed(one.osm) && isAllowed(one.istio)).length;
    const parted = answered.filter(partsUnexpectedly);
    const isSure = ({ claim }: Asked) => claim.osm.outcome !== "varies" && claim.istio.outcome !== "varies";
    const sure = parted.filter(isSure);
    varying += parted.length - sure.length;
    if (sure.length === 0) continue;
    const again = (await ask(sure.map(({ claim }) => claim))).filter(partsUnexpectedly);
    lost += sure.length - again.length;
    for (const { claim, ...real } of again) {
      partings.push({
        objects: asked.objects,
        converted,
        request: claim.request,
        osm: `${real.osm.outcome}, by our analysis ${claim.osm.outcome}`,
        istio: `${real.istio.outcome}, by our analysis ${claim.istio.outcome}`,
      });
    }
  }
  return { sent, policies, refused, passed, varying, lost, partings };
}

/** A request, and how it really ended. */
interface Asked {
  readonly claim: Claim;
  readonly osm: LiveVerdict;
  readonly istio: LiveVerdict;
}

function isAllowed({ outcome }: LiveVerdict): boolean {
  return outcome === "allowed";
}

/** Whether a request passed in one mesh alone, and the conversion does not say that it may. */
function partsUnexpectedly({ claim, osm, istio }: Asked): boolean {
  if (isAllowed(osm) === isAllowed(istio)) return false;
  // What only OSM's sidecars stop is never fine.
  return isAllowed(istio) ? !isBelowMesh(claim.osm) && !isBelowMesh(claim.istio) : !mayPart(claim);
}

function verdictOf(answer: LiveAnswer | undefined, at: number): LiveVerdict {
  if (answer === undefined || "error" in answer) throw new Error(answer?.error ?? "no answer");
  const verdict = answer.verdicts[at];
  if (verdict === undefined) throw new Error(`no verdict number ${String(at)}`);
  return verdict;
}
