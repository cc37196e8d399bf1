import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { difference, type Made, ourLines } from "../../judge/gateway-api/compare";
import { type GatewayCase } from "../../judge/gateway-api/generate";
import { listAt } from "../../mesh/manifests/inside";

/** Cases with what istiod makes of them, recorded by `npm run judge:gateway-api -- --record FILE`. */
const recorded = readFileSync(join(__dirname, "gateway-api.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as GatewayCase & Made);

it("Gateways and routes of the Gateway API become what istiod makes of them", () => {
  expect(recorded.length).toBeGreaterThan(20);
  expect(recorded.filter(({ virtualServices }) => virtualServices.length > 1).length).toBeGreaterThan(5);
  const ofMesh = recorded.filter(({ virtualServices }) =>
    virtualServices.some(({ spec }) => listAt(spec, "gateways").includes("mesh")),
  );
  expect(ofMesh.length).toBeGreaterThan(5);
  for (const one of recorded) {
    expect(difference(one, one)).toBeUndefined();
    // Each is there once: lists of the same lines could be of other lengths.
    expect(new Set(ourLines(one)).size).toBe(one.gateways.length + one.virtualServices.length);
  }
});
