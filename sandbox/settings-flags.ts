import { UserError } from "./progress";

/** Settings of a stack that a flag of an operation changes, from then on. */
export interface SettingsFlags {
  readonly mesh?: "osm" | "istio";
  readonly metrics?: "on" | "off" | "cluster";
  readonly tracing?: "off" | "cluster";
}

/** Takes `--mesh NAME`, `--metrics[=cluster|off]` and `--tracing[=off]` out of an operation's flags; the others are the engine's. */
export function settingsFlags(flags: readonly string[]): { settings: SettingsFlags; others: readonly string[] } {
  const others: string[] = [];
  let settings: SettingsFlags = {};
  const rest = [...flags];
  for (let flag = rest.shift(); flag !== undefined; flag = rest.shift()) {
    if (flag === "--mesh" || flag.startsWith("--mesh=")) {
      const mesh = flag === "--mesh" ? rest.shift() : flag.slice("--mesh=".length);
      if (mesh !== "osm" && mesh !== "istio") throw new UserError(`--mesh takes osm or istio, not "${mesh ?? ""}".`);
      settings = { ...settings, mesh };
    } else if (flag === "--metrics" || flag.startsWith("--metrics=")) {
      const metrics = flag === "--metrics" ? "on" : flag.slice("--metrics=".length);
      if (metrics !== "on" && metrics !== "off" && metrics !== "cluster") {
        throw new UserError(
          `--metrics stands alone, or is --metrics=cluster or --metrics=off, not --metrics=${metrics}.`,
        );
      }
      settings = { ...settings, metrics };
    } else if (flag === "--tracing" || flag === "--tracing=off") {
      settings = { ...settings, tracing: flag === "--tracing" ? "cluster" : "off" };
    } else if (flag.startsWith("--tracing=")) {
      throw new UserError(`--tracing stands alone, or is --tracing=off, not ${flag}.`);
    } else others.push(flag);
  }
  return { settings, others };
}
