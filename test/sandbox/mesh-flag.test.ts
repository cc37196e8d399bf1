import { expect, it } from "vitest";
import { meshFlag } from "../../sandbox/mesh-flag";

it.each([
  [[], undefined, []],
  [["--diff"], undefined, ["--diff"]],
  [["--mesh", "istio", "--diff"], "istio", ["--diff"]],
  [["--diff", "--mesh=osm"], "osm", ["--diff"]],
])("of %j the mesh is %s, and the engine gets %j", (flags, mesh, others) => {
  expect(meshFlag(flags)).toEqual({ mesh, others });
});

it.each([[["--mesh"]], [["--mesh", "linkerd"]], [["--mesh="]]])("refuses %j, and says what to write", (flags) => {
  expect(() => meshFlag(flags)).toThrow("--mesh takes osm or istio");
});
