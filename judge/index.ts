import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { ensureOptionalTool } from "../sandbox/data-plane/build";
import { ensureRe2 } from "./re2/install";

/** Envoys that read requests or patterns differently, by the first version that the judge knows of each kind. */
export type EnvoyVersion = "1.32" | "1.38" | "1.39";

/** A request as `aks-mesh decide` reads it. */
export interface JudgeRequest {
  readonly from: string;
  readonly to: string;
  readonly protocol: "http" | "tcp";
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly serverName?: string;
}

/** Objects and what is asked about them. */
export interface JudgeCase {
  readonly objects: readonly unknown[];
  readonly requests: readonly JudgeRequest[];
  /** Istio: namespace of the control plane. Default: `istio-system` where objects are in it, else `aks-istio-system`. */
  readonly rootNamespace?: string;
  /** Istio: the sidecars are upstream Envoys, which do not say in TLS what protocol is inside. Default: false. */
  readonly upstreamEnvoy?: boolean;
}

/** What the real mesh does with one request. */
export interface JudgeVerdict {
  readonly outcome: string;
  readonly status: number | null;
  /** Null where the shares depend on which of two TrafficSplits counts. */
  readonly backends: Readonly<Record<string, number>> | null;
  readonly outcomes?: readonly string[];
  /** Every cause that alone makes the outcome vary. */
  readonly "varies-by"?: readonly string[];
  /** The outcomes with Envoy 1.32, as AKS has it, with 1.38, and from 1.39 on, where these are not the same. */
  readonly "by-version"?: Readonly<Record<EnvoyVersion, readonly string[]>>;
  /** What the sidecars involved refuse of their configuration, and why. */
  readonly rejected?: readonly string[];
  /** The request cannot be judged: it names no Service of the objects, or these leave too much to chance. */
  readonly error?: string;
}

/** An answer to a case; an error where the objects cannot be read, or where the mesh refuses them or falls over them. */
export type JudgeAnswer = { readonly verdicts: readonly JudgeVerdict[] } | { readonly error: string };

/** The running judge, or another program that answers such cases. */
export interface Judge<Case = JudgeCase, Answer = JudgeAnswer> {
  /** Answers in the order of the cases. Several calls may be under way at once. */
  ask(cases: readonly Case[]): Promise<readonly Answer[]>;
  /** Ends the process. */
  close(): Promise<void>;
}

/**
 * Builds the judge unless it is in the cache.
 * @param report gets a line when something has to be built.
 * @returns folder of its executables, `osm`, `data-plane` and `relation`.
 */
export function ensureJudge(report: (message: string) => void): Promise<string> {
  return ensureOptionalTool(
    {
      name: "judge",
      version: "1.2.4",
      packages: [".", "./data-plane", "./relation"],
      seconds: 120,
      source: path.join(__dirname, "osm"),
      uses: [
        path.join(path.dirname(__dirname), "sandbox", "data-plane", "pods", "netns"),
        path.join(__dirname, "pods"),
        path.join(__dirname, "re2", "client"),
      ],
      title: "the judge: Open Service Mesh 1.2.4 as a library (a minute or two the first time)",
    },
    report,
  );
}

/** Starts the judge. It answers until it is closed. */
export async function openJudge(report: (message: string) => void): Promise<Judge> {
  const [binaries, re2] = await Promise.all([ensureJudge(report), ensureRe2(report)]);
  return startJudge(path.join(binaries, "osm"), [re2.command, ...re2.args], re2.env);
}

/**
 * Starts a program that answers cases line by line, as the judge does.
 * @param env variables beside those of this process.
 */
export function startJudge<Case = JudgeCase, Answer = JudgeAnswer>(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Judge<Case, Answer> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...env } });
  const waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void }[] = [];
  let over: Error | undefined;
  const end = (reason: string): void => {
    over ??= new Error(`the judge ended early: ${reason}`);
    for (const { reject } of waiting.splice(0)) reject(over);
  };
  const ended = new Promise<void>((resolve) => {
    child.on("close", (code, signal) => {
      end(signal ?? `exit code ${String(code)}`);
      resolve();
    });
  });
  child.on("error", ({ message }) => {
    end(message);
  });
  child.stdin.on("error", ({ message }) => {
    end(message);
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    waiting.shift()?.resolve(JSON.parse(line) as Answer);
  });
  return {
    ask: (cases) =>
      Promise.all(
        cases.map(
          (one) =>
            new Promise<Answer>((resolve, reject) => {
              if (over !== undefined) {
                reject(over);
                return;
              }
              waiting.push({ resolve, reject });
              child.stdin.write(`${JSON.stringify(one)}\n`);
            }),
        ),
      ),
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
