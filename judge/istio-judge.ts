import os from "node:os";
import path from "node:path";
import { ensureOptionalTool } from "../sandbox/data-plane/build";
import { type Judge, startJudge } from ".";
import { ensureRe2 } from "./re2/install";

/**
 * Builds Istio's judge unless it is in the cache.
 * @param report gets a line when something has to be built.
 * @returns folder of its executable, `istio`.
 */
export function ensureIstioJudge(report: (message: string) => void): Promise<string> {
  return ensureOptionalTool(
    {
      name: "judge-istio",
      version: "1.31.0",
      packages: ["."],
      seconds: 300,
      source: path.join(__dirname, "istio"),
      uses: [path.join(__dirname, "re2", "client")],
      title: "the judge: istiod's generators as a library (five minutes the first time)",
    },
    report,
  );
}

/** Starts Istio's judge. It answers until it is closed. */
export async function openIstioJudge(report: (message: string) => void): Promise<Judge> {
  const [binaries, re2] = await Promise.all([ensureIstioJudge(report), ensureRe2(report)]);
  // Istio's test library looks for a source tree, and complains where there is none.
  const env = { ...re2.env, TARGET_OUT: os.tmpdir(), LOCAL_OUT: os.tmpdir() };
  return startJudge(path.join(binaries, "istio"), [re2.command, ...re2.args], env);
}
