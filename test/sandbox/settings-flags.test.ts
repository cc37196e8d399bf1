import { expect, it } from "vitest";
import { settingsFlags } from "../../sandbox/settings-flags";

it.each([
  [[], {}, []],
  [["--diff"], {}, ["--diff"]],
  [["--mesh", "istio", "--diff"], { mesh: "istio" }, ["--diff"]],
  [["--diff", "--mesh=osm"], { mesh: "osm" }, ["--diff"]],
  [["--metrics", "--diff"], { metrics: "on" }, ["--diff"]],
  [["--tracing"], { tracing: "cluster" }, []],
  [["--tracing=off", "--diff"], { tracing: "off" }, ["--diff"]],
  [["--metrics=cluster"], { metrics: "cluster" }, []],
  [["--metrics=off", "--mesh", "osm"], { metrics: "off", mesh: "osm" }, []],
])("of %j the settings are %j, and the engine gets %j", (flags, settings, others) => {
  expect(settingsFlags(flags)).toEqual({ settings, others });
});

it.each([
  [["--mesh"], "--mesh takes osm or istio"],
  [["--mesh", "linkerd"], "--mesh takes osm or istio"],
  [["--mesh="], "--mesh takes osm or istio"],
  [["--tracing=on"], "--tracing stands alone, or is --tracing=off, not --tracing=on."],
  [["--metrics=maybe"], "--metrics stands alone, or is --metrics=cluster or --metrics=off"],
])("refuses %j, and says what to write", (flags, said) => {
  expect(() => settingsFlags(flags)).toThrow(said);
});
