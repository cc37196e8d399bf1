import { UserError } from "./progress";

/** Takes `--mesh NAME` out of an operation's flags; the others are the engine's. */
export function meshFlag(flags: readonly string[]): { mesh: string | undefined; others: readonly string[] } {
  const at = flags.findIndex((flag) => flag === "--mesh" || flag.startsWith("--mesh="));
  const flag = flags[at];
  if (flag === undefined) return { mesh: undefined, others: flags };
  const mesh = flag === "--mesh" ? flags[at + 1] : flag.slice("--mesh=".length);
  if (mesh !== "osm" && mesh !== "istio") throw new UserError(`--mesh takes osm or istio, not "${mesh ?? ""}".`);
  return { mesh, others: [...flags.slice(0, at), ...flags.slice(flag === "--mesh" ? at + 2 : at + 1)] };
}
