import { join } from "node:path";
import { ensurePyPiPackage } from "../../sandbox/tools/pip";

/** Google's RE2 itself, as a Python package. */
const re2Version = "1.1.20251105";

/** How the program is started that answers questions about patterns, answer.py. */
export interface Re2Command {
  readonly command: string;
  readonly args: readonly string[];
  /** Variables beside those of this process. */
  readonly env: NodeJS.ProcessEnv;
}

/** Fetches google-re2 unless it is in the cache. */
export async function ensureRe2(report: (message: string) => void): Promise<Re2Command> {
  const library = await ensurePyPiPackage("google-re2", re2Version, report);
  return { command: "python3", args: [join(__dirname, "answer.py")], env: { PYTHONPATH: library } };
}
