import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type KubernetesObject } from "../control-plane/api-client";
import { type Call } from "../data-plane/runner";
import { programDirectory } from "../paths";

/** A call and the account, `namespace/name`, that makes it. */
export interface AskedCall extends Call {
  readonly from: string;
}

/** A retry, timeout, circuit breaker or rate that holds a call. */
export interface Limit {
  /** By the name that a policy has for it, such as `maxRequests`. */
  readonly limit: string;
  /** As a person would say it. */
  readonly value: string;
  /** `namespace/name` of the Service whose calls it bounds. */
  readonly service: string;
  /** Of a rate: so many in each so many seconds, and so many more at once. */
  readonly bucket?: { readonly amount: number; readonly seconds: number; readonly burst: number };
  /** The object that says so; absent for what a mesh does of its own. */
  readonly by?: string;
}

/** What `aks-mesh decide` says of a call. */
export interface Verdict {
  readonly outcome: string;
  readonly status: number | null;
  readonly backends: Readonly<Record<string, number>>;
  readonly because: readonly string[];
  readonly outcomes?: readonly string[];
  /** Where they were asked for. */
  readonly limits?: readonly Limit[];
}

/** A mesh, as the analysis names it. */
export type MeshName = "osm" | "istio";

/**
 * Asks the program's own analysis what becomes of calls under these objects: by its command, as anybody would.
 * @param directory where the objects are written for it, for the moment.
 * @param mesh which one runs: the cluster may still have another's objects.
 * @param withLimits whether verdicts are to tell the limits of calls. Default: false.
 */
export async function decideCalls(
  directory: string,
  mesh: MeshName,
  objects: readonly KubernetesObject[],
  calls: readonly AskedCall[],
  withLimits = false,
): Promise<readonly Verdict[]> {
  if (calls.length === 0) return [];
  const requests = calls.map(({ from, to, protocol, method, path, host, headers }) =>
    JSON.stringify({ from, to, protocol, method, path, host, headers }),
  );
  const output = await analysis(
    directory,
    objects,
    ["decide", "--mesh", mesh, ...(withLimits ? ["--limits"] : [])],
    `${requests.join("\n")}\n`,
  );
  return output
    .trim()
    .split("\n")
    .map((line) => {
      const verdict = JSON.parse(line) as Verdict & { readonly error?: string };
      if (verdict.error !== undefined) throw new Error(`aks-mesh decide: ${verdict.error}`);
      return verdict;
    });
}

/** The matrix of who may call whom, as `aks-mesh access` prints it. */
export function accessTable(directory: string, mesh: MeshName, objects: readonly KubernetesObject[]): Promise<string> {
  return analysis(directory, objects, ["access", "--mesh", mesh], "");
}

async function analysis(
  directory: string,
  objects: readonly KubernetesObject[],
  command: readonly string[],
  input: string,
) {
  const folder = await mkdtemp(join(directory, "traffic-"));
  try {
    const file = join(folder, "objects.json");
    await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }), { mode: 0o600 });
    const child = spawn(process.execPath, [join(programDirectory, "cli", "bin.js"), ...command, file]);
    const output: Buffer[] = [];
    const problems: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => problems.push(chunk));
    child.stdin.end(input);
    const [code] = (await once(child, "close")) as [number | null];
    if (code === 0) return Buffer.concat(output).toString("utf8");
    throw new Error(`aks-mesh ${command.join(" ")} failed: ${Buffer.concat(problems).toString("utf8")}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}
