import { join } from "node:path";
import { ensureGoModule } from "../installed-tool";

/** Path of distribution's registry, built from Go's modules on first use. */
export async function ensureRegistry(): Promise<string> {
  return ensureGoModule(join(__dirname, "distribution"), "registry", ".");
}
