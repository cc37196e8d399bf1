import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { isJsonObject } from "../../mesh/manifests";
import { PreviewProblem } from "../problem";

/** What one image is made of. */
export interface BuildInputs {
  /** Name under which it is pushed, with a tag. */
  readonly tag: string;
  /** Absolute path. */
  readonly context: string;
  /** Absolute path; undefined for the builder's own default. */
  readonly dockerfile: string | undefined;
  readonly target: string | undefined;
  /** Whether the registry is on this machine, and speaks plain HTTP. */
  readonly plain: boolean;
  /** Where the builder writes what it pushed. */
  readonly resultFile: string;
}

/** A program that builds and pushes images. */
export interface Builder {
  readonly command: string;
  /** The arguments of each of its runs, in order. */
  readonly runs: (inputs: BuildInputs) => readonly (readonly string[])[];
  /** The digest of the manifest that the registry has taken, in the result file. */
  readonly digestIn: (result: string) => unknown;
}

const buildOptions = ({ tag, dockerfile, target }: BuildInputs): readonly string[] => [
  `--tag=${tag}`,
  ...(dockerfile === undefined ? [] : [`--file=${dockerfile}`]),
  ...(target === undefined ? [] : [`--target=${target}`]),
];

/** podman and buildah take the same arguments. */
const likeBuildah = (command: string): Builder => ({
  command,
  runs: (inputs) => [
    ["build", ...buildOptions(inputs), inputs.context],
    ["push", ...(inputs.plain ? ["--tls-verify=false"] : []), `--digestfile=${inputs.resultFile}`, inputs.tag],
  ],
  digestIn: (result) => result.trim(),
});

const buildx: Builder = {
  command: "docker",
  runs: (inputs) => [
    ["buildx", "build", "--push", `--metadata-file=${inputs.resultFile}`, ...buildOptions(inputs), inputs.context],
  ],
  digestIn: (result) => {
    const metadata: unknown = JSON.parse(result);
    return isJsonObject(metadata) ? metadata["containerimage.digest"] : undefined;
  },
};

/** Builders by how to ask whether they are installed, the first that is gets the work. */
const builders = [
  { builder: buildx, asked: ["buildx", "version"] },
  { builder: likeBuildah("podman"), asked: ["--version"] },
  { builder: likeBuildah("buildah"), asked: ["--version"] },
] as const;

/** @throws {PreviewProblem} where none is installed. */
export async function installedBuilder(environment: NodeJS.ProcessEnv): Promise<Builder> {
  for (const { builder, asked } of builders) {
    try {
      await promisify(execFile)(builder.command, asked, { env: environment, timeout: 60_000 });
      return builder;
    } catch {
      // Not there, or without buildx: the next may be.
    }
  }
  throw new PreviewProblem(
    "No builder of images is on the PATH: install Docker with buildx (https://docs.docker.com/build), podman or buildah.",
  );
}

/**
 * Builds and pushes an image. What the builder says goes to standard error.
 *
 * @returns the digest of what was pushed, by the builder's word.
 * @throws {PreviewProblem} where it fails.
 */
export async function buildAndPush(
  { command, runs, digestIn }: Builder,
  inputs: BuildInputs,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string> {
  for (const args of runs(inputs)) {
    const child = spawn(command, args, { env: environment, stdio: ["ignore", 2, 2], signal });
    const [code, by] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    if (code !== 0) {
      throw new PreviewProblem(
        `${command} ${args[0] ?? ""} of ${inputs.tag} ended with ${by ?? `exit code ${String(code)}`}: what it said is above.`,
      );
    }
  }
  let digest: unknown;
  try {
    digest = digestIn(await readFile(inputs.resultFile, "utf8"));
  } catch {
    digest = undefined;
  }
  if (typeof digest === "string" && /^sha256:[0-9a-f]{64}$/.test(digest)) return digest;
  throw new PreviewProblem(`${command} pushed ${inputs.tag} and did not say as what: its version is too old.`);
}
