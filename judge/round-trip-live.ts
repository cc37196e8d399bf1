import * as fc from "fast-check";
import { arbitraryCase } from "./generate/case";
import { type DataPlane, type LiveAnswer, type LiveVerdict } from "./data-plane";
import { convertCase, isBelowMesh, mayPart, type Parting } from "./round-trip-case";

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
  readonly partings: readonly Parting[];
}

/** The data planes of the two meshes. */
export interface DataPlanes {
  readonly osm: DataPlane;
  readonly istio: DataPlane;
}

/** Converts random policies of OSM and sends requests through real sidecars before and after, until so many were sent. */
export async function roundTripLive({ osm, istio }: DataPlanes, seed: number, wanted: number): Promise<LiveRoundTrip> {
  const partings: Parting[] = [];
  let [sent, policies, refused, passed, varying] = [0, 0, 0, 0, 0];
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
    const requests = claimed.map(({ request }) => request);
    const [[before], [after]] = await Promise.all([
      osm.ask([{ objects: asked.objects, requests }]),
      istio.ask([{ objects: converted, requests }]),
    ]);
    claimed.forEach((claim, at) => {
      const real = { osm: verdictOf(before, at), istio: verdictOf(after, at) };
      if (real.osm.error !== undefined || real.istio.error !== undefined) return;
      sent += 1;
      const passes = { osm: real.osm.outcome === "allowed", istio: real.istio.outcome === "allowed" };
      if (passes.osm && passes.istio) passed += 1;
      if (passes.osm === passes.istio) return;
      // What only OSM's sidecars stop is never fine.
      if (passes.istio ? isBelowMesh(claim.osm) || isBelowMesh(claim.istio) : mayPart(claim)) return;
      if (claim.osm.outcome === "varies" || claim.istio.outcome === "varies") {
        varying += 1;
        return;
      }
      partings.push({
        objects: asked.objects,
        converted,
        request: claim.request,
        osm: `${real.osm.outcome}, by our analysis ${claim.osm.outcome}`,
        istio: `${real.istio.outcome}, by our analysis ${claim.istio.outcome}`,
      });
    });
  }
  return { sent, policies, refused, passed, varying, partings };
}

function verdictOf(answer: LiveAnswer | undefined, at: number): LiveVerdict {
  if (answer === undefined || "error" in answer) throw new Error(answer?.error ?? "no answer");
  const verdict = answer.verdicts[at];
  if (verdict === undefined) throw new Error(`no verdict number ${String(at)}`);
  return verdict;
}
