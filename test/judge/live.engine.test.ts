import { expect, it } from "vitest";
import { dataPlaneProblem, openDataPlane } from "../../judge/data-plane";
import { judgedMesh } from "../../judge/meshes";
import { playLive, randomPolicies } from "../../judge/play";

/** A small run of `tsx judge/live.ts`, always the same. */
const requests = 60;
const seed = 1000;

it("real Envoys do what our analysis and the judge say", async ({ skip }) => {
  const problem = await dataPlaneProblem();
  if (problem !== undefined) skip(problem);
  const report = (message: string): void => void process.stderr.write(`${message}\n`);
  const mesh = judgedMesh("osm");
  const judge = await mesh.open(report);
  const dataPlane = await openDataPlane(report, mesh.dataPlane);
  try {
    const { sent, outcomes, different } = await playLive(mesh, judge, dataPlane, randomPolicies(mesh, seed), requests);
    expect({ seed, different }).toEqual({ seed, different: [] });
    expect(sent).toBeGreaterThanOrEqual(requests);
    expect([...outcomes.keys()]).toContain("allowed");
  } finally {
    await Promise.all([judge.close(), dataPlane.close()]);
  }
});
