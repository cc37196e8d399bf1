import { describe, expect, it } from "vitest";
import { type KubernetesObject } from "../../mesh/manifests";
import { osmMesh } from "../../mesh/osm";
import { readCases, requestOf } from "../../judge/case-file";
import { disagreements } from "../../judge/compare";

/** What the real Open Service Mesh decided was recorded (judge/record.ts); here our analysis must say the same. */
describe("recorded verdicts of the real Open Service Mesh", () => {
  it.each(readCases().filter(({ error }) => error === undefined))("$name: $description", ({ objects, requests }) => {
    expect(requests.length).toBeGreaterThan(0);
    const verdicts = requests.map(({ verdict }) => {
      if (verdict === undefined) throw new Error("no verdict is recorded: run judge/record.ts");
      return verdict;
    });
    const different = disagreements({ objects, requests: requests.map(requestOf) }, verdicts);
    expect(different.map(({ request, ours, theirs }) => ({ request, ours, theirs }))).toEqual([]);
  });

  it.each(readCases().filter(({ error }) => error !== undefined))("$name: $description", ({ objects }) => {
    const { state } = osmMesh({ objects: objects as readonly KubernetesObject[] });
    expect(state.problems.map(({ severity }) => severity)).toContain("error");
  });
});
