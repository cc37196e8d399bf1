import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import path from "node:path";
import { type Writable } from "node:stream";
import { ensureOptionalTool } from "./build";
import { ensureEnvoy } from "./envoy";
import { namespaceAccess } from "./namespaces";

/** A kind of call that a program makes. */
export interface Call {
  readonly protocol: "http" | "tcp";
  /** Name or address, and port, that the connection goes to. */
  readonly to: string;
  /** Host header. Default: `to`. */
  readonly host?: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A kind of call and how its calls have ended so far: status codes, `answered` for bytes, else refused, reset, timeout or failed. */
export interface CountedCall extends Call {
  readonly ends: Readonly<Record<string, number>>;
}

/** What was counted in a pod since it runs. */
export interface PodStatistics {
  /** What its program counted; absent where it makes no calls. */
  readonly calls?: readonly CountedCall[];
  /** Its sidecar's statistics by name; absent while it does not answer. */
  readonly envoy?: Readonly<Record<string, number>>;
}

/** Many calls of one kind, each on a connection of its own. */
export interface Load extends Call {
  /** Key of the pod that makes them, by its sidecar. */
  readonly from: string;
  readonly requests: number;
  /** Most calls at the same time. */
  readonly concurrency: number;
  /** Most calls that begin in a second. Default: as many as end. */
  readonly perSecond?: number;
}

/** What came of a load so far. */
export interface LoadProgress {
  /** How calls ended, as {@link CountedCall} has it. */
  readonly ends: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Whether all calls have ended. */
  readonly done: boolean;
  /** How long calls took that passed, in milliseconds; absent before the end, and where none did. */
  readonly latency?: { readonly p50: number; readonly p90: number; readonly p99: number; readonly max: number };
}

/** A container as the runner starts it. */
export interface ContainerSpec {
  readonly name: string;
  /** `envoy`, `pilot-agent`, or the last part of one of the image names that the runner knows. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** User and group. */
  readonly user: number;
  /** Content (base64) of the volumes' files by path: below /etc, or relative to the working directory, which is the container's own. */
  readonly files: Readonly<Record<string, string>>;
}

/** A pod as the runner starts it. */
export interface PodSpec {
  /** Another key is another pod. */
  readonly key: string;
  /** `namespace/name`, by which the access log tells it. */
  readonly name?: string;
  readonly address: string;
  /** Netfilter rules in the format of iptables-restore. Default: those that `setup` makes. */
  readonly rules?: string;
  /** Arguments of pilot-agent that sets up the pod's network. Default: it is not run. */
  readonly setup?: readonly string[];
  /** Settings of the pod's network by name. Default: none. */
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly containers: readonly ContainerSpec[];
}

/** All that is to run. */
export interface World {
  /** Names that pods resolve, and their addresses. */
  readonly hosts: Readonly<Record<string, string>>;
  /** Addresses, host:port, that lead to a port of this machine's loopback. */
  readonly forward: Readonly<Record<string, string>>;
  /** Addresses of Services, host:port, and those of the pods behind each. Default: Services have no address of their own. */
  readonly services?: Readonly<Record<string, readonly string[]>>;
  /** Addresses outside of the cluster, and the ports on which HTTP requests there are answered with 200. Default: none. */
  readonly outside?: Readonly<Record<string, readonly number[]>>;
  readonly pods: readonly PodSpec[];
}

/** Runs pods: namespaces with real Envoys, and programs of ours in place of the images. */
export interface PodRunner {
  /** Makes the pods be those of the world. @returns what goes wrong, by key of the pod. */
  set(world: World): Promise<Readonly<Record<string, string>>>;
  /** @param pattern which of the sidecars' statistics, a regular expression. @returns by key of the pod. */
  statistics(pattern: string): Promise<Readonly<Record<string, PodStatistics>>>;
  /**
   * Makes one call in plain text.
   * @param from key of the pod that makes it, past which it goes by the sidecar. Default: from outside the mesh.
   * @returns how it ended.
   */
  call(call: Call, from?: string): Promise<string>;
  /** Begins a load. Only one is under way at a time. */
  load(load: Load): Promise<void>;
  /** @param stop whether no further calls are to begin. @returns what came of the load so far. */
  loaded(stop: boolean): Promise<LoadProgress>;
  /** Keeps the access logs of the sidecars that start from then on in a file, a line of JSON for each request. */
  keepAccessLog(file: string): Promise<void>;
  /** Opens an HTTP proxy by which programs of this machine reach pods, from outside the mesh. @returns its address, `127.0.0.1:port`. */
  openProxy(): Promise<string>;
  /** Ends everything, and waits until it is gone. */
  close(): Promise<void>;
}

/** Images that the runner has programs for, by the last part of their name. */
export const knownPrograms: ReadonlySet<string> = new Set([
  "bookbuyer",
  "bookthief",
  "bookstore",
  "bookwarehouse",
  "mysql",
]);

/** Why pods cannot run here, in a sentence for a person; undefined where they can. */
export async function podProblem(): Promise<string | undefined> {
  const access = await namespaceAccess(namespaces);
  return "problem" in access ? access.problem : undefined;
}

// A process namespace, so that all goes with its first process, however that ends; and if this process is killed, so is that.
const namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];

/** Where a container finds Envoy. */
export const envoyInPods = "/mnt/envoy";

/**
 * Starts a runner without pods.
 * @param log gets what the runner and its Envoys complain about.
 * @param pilotAgent path of Istio's agent, for pods that have it. Default: there are none.
 * @throws an Error that says what this machine lacks.
 */
export async function openPodRunner(
  report: (message: string) => void,
  log: Writable,
  pilotAgent?: string,
): Promise<PodRunner> {
  const access = await namespaceAccess(namespaces);
  if ("problem" in access) throw new Error(access.problem);
  const source = path.join(__dirname, "pods");
  const [binaries, envoy] = await Promise.all([
    ensureOptionalTool(
      { name: "pods", version: "1", packages: ["."], seconds: 10, source, uses: [], title: "the runner of pods" },
      report,
    ),
    ensureEnvoy(report),
  ]);
  const [command = "", ...args] = [
    ...access.unshare,
    path.join(binaries, "pods"),
    envoy,
    ...(pilotAgent ? [pilotAgent] : []),
  ];
  // A group of its own: Ctrl-C is for this process, which then ends the runner in good order.
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    env: { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`, XTABLES_LOCKFILE: "/mnt/xtables.lock" },
  });
  child.stderr.pipe(log, { end: false });
  const waiting: { resolve: (answer: unknown) => void; reject: (error: Error) => void }[] = [];
  const ended = new Promise<void>((resolve) => {
    child.on("close", (code, signal) => {
      const reason = signal ?? `exit code ${String(code)}`;
      for (const { reject } of waiting.splice(0)) reject(new Error(`the runner of pods ended: ${reason}`));
      resolve();
    });
  });
  child.stdin.on("error", () => undefined); // it has ended, which "close" tells
  createInterface({ input: child.stdout }).on("line", (line) => {
    const answer: unknown = JSON.parse(line);
    const next = waiting.shift();
    if (hasError(answer)) next?.reject(new Error(`the runner of pods: ${answer.error}`));
    else next?.resolve(answer);
  });
  const ask = (wish: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (child.exitCode !== null || child.signalCode !== null) reject(new Error("the runner of pods has ended"));
      waiting.push({ resolve, reject });
      child.stdin.write(`${JSON.stringify(wish)}\n`);
    });
  return {
    set: async (world) => ((await ask({ set: world })) as { problems: Record<string, string> }).problems,
    statistics: async (pattern) => (await ask({ statistics: pattern })) as Record<string, PodStatistics>,
    call: async (call, from) => ((await ask({ call: { ...call, from } })) as { end: string }).end,
    load: async (load) => void (await ask({ load })),
    loaded: async (stop) => (await ask({ loaded: { stop } })) as LoadProgress,
    keepAccessLog: async (file) => void (await ask({ accessLog: file })),
    openProxy: async () => ((await ask({ proxy: true })) as { address: string }).address,
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

function hasError(answer: unknown): answer is { readonly error: string } {
  return typeof answer === "object" && answer !== null && "error" in answer;
}
