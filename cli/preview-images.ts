import { statSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { azureToken } from "../preview/images/azure-login";
import { buildImages } from "../preview/images/build";
import { imagesText, readImagesFile } from "../preview/images/images-file";
import { type BroughtImage, readAllowed, readImages } from "../preview/images/inputs";
import { repositoryOf } from "../preview/images/reference";
import { digestOf, type RegistryOptions } from "../preview/images/registry";
import { requireImages } from "../preview/images/require";
import { readCommit, readPullRequest, readStack } from "../preview/inputs";
import { PreviewProblem } from "../preview/problem";
import { readPreviewPolicy } from "../preview/settings";
import { endingSignals } from "./ending-signals";
import { readText } from "./input";
import { readOptions } from "./options";
import { requireWritable } from "./output-file";
import { type Terminal } from "./terminal";
import { UsageError } from "./usage-error";

/** The checkout that this command belongs to. */
const own = resolve(__dirname, "..");

/**
 * `aks-mesh preview images …`: builds the images that a checkout's application says how to build, pushes them, and writes their digests
 * into a file for `preview up --images`.
 */
export async function imagesCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { values } = readOptions(args, {
    ...{ pr: { type: "string" }, commit: { type: "string" }, program: { type: "string" }, base: { type: "string" } },
    ...{ registry: { type: "string" }, output: { type: "string" } },
  } as const);
  const pullRequest = readPullRequest(values.pr);
  if (values.commit === undefined) throw new UsageError("Say which commit --program holds: --commit SHA.");
  if (values.registry === undefined)
    throw new UsageError("Say where images go: --registry REGISTRY/PATH, one of previewRegistries or below one.");
  if (values.output === undefined) throw new UsageError("Say where the digests go: --output FILE.");
  requireWritable("The digests", values.output);
  const commit = readCommit(values.commit);
  const { registries, base } = await readPreviewPolicy(own);
  // With any path and tag it must be a reference: that is what it is made part of.
  const place = values.registry.replace(/\/+$/, "");
  readAllowed("--registry", `${place}/pr:0`, registries);
  const { signal } = endingSignals();
  const images = await buildImages(
    {
      ...{ own, pullRequest, commit, place, signal, environment: process.env },
      program: resolve(values.program ?? own),
      base: values.base === undefined ? base : readStack(values.base),
      say: (message) => terminal.err(`${terminal.paint.dim(message)}\n`),
    },
    registryOptions(signal),
  );
  writeFileSync(values.output, imagesText(images));
  if (images.length === 0) terminal.out("The application says of no image how it is built.\n");
  for (const { name, reference } of images) terminal.out(`${name}=${textOf({ name, reference })}\n`);
  return 0;
}

/** `aks-mesh preview digest REFERENCE…`: what the tags mean now, as references that nobody can make mean something else. */
export async function digestCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { positionals } = readOptions(args, {});
  if (positionals.length === 0) throw new UsageError("Say which image: aks-mesh preview digest REGISTRY/PATH:TAG.");
  const { registries } = await readPreviewPolicy(own);
  const options = registryOptions(endingSignals().signal);
  for (const text of positionals) {
    const reference = readAllowed("preview digest", text, registries);
    const digest = await digestOf(reference, options);
    if (digest === undefined) throw new PreviewProblem(`${reference.registry} has no image ${text}.`);
    terminal.out(`${repositoryOf(reference)}@${digest}\n`);
  }
  return 0;
}

/** What `preview up` is told of images. */
export interface ImageOptions {
  readonly image: readonly string[];
  readonly images?: string;
}

/** Largest file with images that is opened, in bytes. */
const largestFile = 1024 * 1024;

/**
 * The images that a preview brings, by name, each a reference with a digest.
 *
 * @param allowed the pull request, and where its images may come from.
 * @throws {PreviewProblem} for any other.
 */
export function imagesBrought(
  { image, images: file }: ImageOptions,
  { pullRequest, registries }: { readonly pullRequest: number; readonly registries: readonly string[] },
): readonly BroughtImage[] {
  const given = readImages(image, registries);
  // Empty in a workflow in which no job built any.
  if (!file) return given;
  const { size } = statSync(file, { throwIfNoEntry: false }) ?? { size: 0 };
  if (size > largestFile) throw new PreviewProblem(`${file} is larger than ${largestFile} bytes.`);
  const built = readImagesFile(readText(file, "--images"), pullRequest, registries);
  // What a person says goes before what a job built.
  const names = new Set(given.map(({ name }) => name));
  return [...built.filter(({ name }) => !names.has(name)), ...given];
}

/** The references of images by name, as the program takes them. */
export function referencesOf(images: readonly BroughtImage[]): Readonly<Record<string, string>> {
  return Object.fromEntries(images.map((image) => [image.name, textOf(image)]));
}

/** @throws {PreviewProblem} where a registry lacks one of them. */
export function requireBrought(images: readonly BroughtImage[], signal: AbortSignal): Promise<void> {
  return requireImages(images, registryOptions(signal));
}

function textOf({ reference }: BroughtImage): string {
  return `${repositoryOf(reference)}@${reference.digest}`;
}

function registryOptions(signal: AbortSignal): RegistryOptions {
  const mirror = process.env["AKS_MESH_REGISTRY_MIRROR"];
  return { signal, azureToken: () => azureToken(process.env), ...(mirror ? { mirror } : {}) };
}
