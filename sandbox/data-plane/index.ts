import path from "node:path";
import { ensureJudge, type Judge, startJudge } from "../judge";
import { ensureEnvoy } from "./envoy";
import { namespaceAccess } from "./namespaces";

const namespaces = ["--net", "--mount"];

/** Why this machine cannot run pods, in a sentence for a person; undefined where it can. */
export async function dataPlaneProblem(): Promise<string | undefined> {
  const access = await namespaceAccess(namespaces);
  return "problem" in access ? access.problem : undefined;
}

/**
 * Starts a data plane: it answers cases as the judge does, but sends the requests for real, through real Envoys, and gives
 * the one outcome that it saw. Everything it makes lives in namespaces of its own and goes with it.
 *
 * @throws an Error that says what this machine lacks.
 */
export async function openDataPlane(report: (message: string) => void): Promise<Judge> {
  const access = await namespaceAccess(namespaces);
  if ("problem" in access) throw new Error(access.problem);
  const [binaries, envoy] = await Promise.all([ensureJudge(report), ensureEnvoy(report)]);
  const [command = "", ...args] = [...access.unshare, path.join(binaries, "data-plane"), envoy];
  return startJudge(command, args);
}
