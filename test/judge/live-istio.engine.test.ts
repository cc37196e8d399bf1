import { afterAll, beforeAll, expect, it } from "vitest";
import { type DataPlane, dataPlaneProblem, openDataPlane } from "../../judge/data-plane";
import { judgedMesh } from "../../judge/meshes";
import { playLive, randomPolicies } from "../../judge/play";
import { roundTripLive } from "../../judge/round-trip-live";

/** Small runs of `tsx judge/live.ts --mesh istio` and `tsx judge/round-trip.ts --live`, always the same. */
const requests = 80;
const seed = 300;
const report = (message: string): void => void process.stderr.write(`${message}\n`);

const istio = judgedMesh("istio");
let dataPlane: DataPlane | undefined;
let problem: string | undefined;

beforeAll(async () => {
  problem = await dataPlaneProblem();
  if (problem === undefined) dataPlane = await openDataPlane(report, istio.dataPlane);
});

afterAll(async () => {
  await dataPlane?.close();
});

it("real Envoys with Istio's configuration do what our analysis and the judge say", async ({ skip }) => {
  if (problem !== undefined || dataPlane === undefined) return skip(problem);
  const judge = await istio.open(report);
  try {
    const run = await playLive(istio, judge, dataPlane, randomPolicies(istio, seed), requests);
    expect({ seed, different: run.different }).toEqual({ seed, different: [] });
    expect(run.sent).toBeGreaterThanOrEqual(requests);
    expect([...run.outcomes.keys()]).toEqual(expect.arrayContaining(["allowed", "denied"]));
  } finally {
    await judge.close();
  }
});

it("what passes through OSM's sidecars passes through Istio's after a conversion, and nothing else", async ({
  skip,
}) => {
  if (problem !== undefined || dataPlane === undefined) return skip(problem);
  const osm = await openDataPlane(report, judgedMesh("osm").dataPlane);
  try {
    const { sent, passed, partings } = await roundTripLive({ osm, istio: dataPlane }, seed, requests);
    expect({ seed, partings }).toEqual({ seed, partings: [] });
    expect(sent).toBeGreaterThanOrEqual(requests);
    expect(passed).toBeGreaterThan(0);
  } finally {
    await osm.close();
  }
});
