import { join } from "node:path";
import { ensureEnvironment } from "../python-environment";

/** Installs network-config-analyzer, unless it is there. @returns path of its Python. */
export async function ensureAnalyzer(report: (message: string) => void): Promise<string> {
  const binaries = await ensureEnvironment("network-config-analyzer", join(__dirname, "requirements.txt"), report);
  return join(binaries, "python");
}
