import os from "node:os";
import path from "node:path";
import { ensureOptionalTool } from "../sandbox/data-plane/build";
import { type Judge, startJudge } from ".";
import { type DataPlaneProgram } from "./data-plane";
import { ensureRe2 } from "./re2/install";

/**
 * Builds Istio's judge unless it is in the cache.
 * @param report gets a line when something has to be built.
 * @returns folder of its executables, `istio`, `data-plane` and `gateway-api`.
 */
export function ensureIstioJudge(report: (message: string) => void): Promise<string> {
  return ensureOptionalTool(
    {
      name: "judge-istio",
      version: "1.31.0",
      packages: [".", "./data-plane", "./gateway-api"],
      seconds: 300,
      source: path.join(__dirname, "istio"),
      uses: [
        path.join(path.dirname(__dirname), "sandbox", "data-plane", "pods", "netns"),
        path.join(__dirname, "pods"),
        path.join(__dirname, "re2", "client"),
      ],
      title: "the judge: istiod's generators as a library (five minutes the first time)",
    },
    report,
  );
}

/** Istio's test library looks for a source tree, and complains where there is none. */
export const sourceTree = { TARGET_OUT: os.tmpdir(), LOCAL_OUT: os.tmpdir() };

/** Istio's program that runs pods. */
export const istioDataPlane: DataPlaneProgram = { ensure: ensureIstioJudge, env: sourceTree };

/** Starts Istio's judge. It answers until it is closed. */
export async function openIstioJudge(report: (message: string) => void): Promise<Judge> {
  const [binaries, re2] = await Promise.all([ensureIstioJudge(report), ensureRe2(report)]);
  const env = { ...re2.env, ...sourceTree };
  return startJudge(path.join(binaries, "istio"), [re2.command, ...re2.args], env);
}
