import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isMap, parseDocument } from "yaml";
import { readDuration, readStack } from "./inputs";
import { PreviewProblem } from "./problem";
import { readReaches } from "./reaches";
import { type PreviewReach } from "../program/previews/reach";

/** What a team decides for all its previews; each is described in Pulumi.yaml. */
export interface PreviewPolicy {
  /** Name of the Pulumi project. */
  readonly project: string;
  readonly base: string;
  /** In milliseconds. */
  readonly timeToLive: number;
  readonly registries: readonly string[];
  readonly ownClusters: number;
  readonly nodes: number;
  readonly nodeSizes: readonly string[];
  /** Types of Azure's resources that a preview with a cluster of its own may have besides. */
  readonly resourceTypes: readonly string[];
  /** What previews may call of the shared workloads. */
  readonly reaches: readonly PreviewReach[];
}

/** The settings file that all previews have in common. */
export const commonSettingsFile = "Pulumi.preview.yaml";

/**
 * Reads the previews' settings: the defaults in Pulumi.yaml, and over them the values in Pulumi.preview.yaml.
 *
 * @throws {PreviewProblem} where a file cannot be read or a setting has the wrong form.
 */
export async function readPreviewPolicy(program: string): Promise<PreviewPolicy> {
  const [definition, common] = await Promise.all([
    readYaml(join(program, "Pulumi.yaml")),
    readYaml(join(program, commonSettingsFile)),
  ]);
  const project: unknown = definition.get("name");
  if (typeof project !== "string") throw new PreviewProblem("Pulumi.yaml has no name.");
  const setting = (key: string): unknown => {
    const value: unknown =
      common.getIn(["config", `${project}:${key}`]) ?? definition.getIn(["config", key, "default"]);
    return value !== null && typeof value === "object" && "toJSON" in value && typeof value.toJSON === "function"
      ? (value.toJSON() as unknown)
      : value;
  };
  const wrong = (key: string, wanted: string) =>
    new PreviewProblem(`The setting ${key} must be ${wanted}: see Pulumi.yaml.`);
  const text = (key: string): string => {
    const value = setting(key);
    if (typeof value !== "string") throw wrong(key, "a text");
    return value;
  };
  const count = (key: string): number => {
    const value = setting(key);
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0) throw wrong(key, "0 or a positive integer");
    return value;
  };
  const texts = (key: string): readonly string[] => {
    const value = setting(key);
    if (!Array.isArray(value) || !value.every((one) => typeof one === "string")) throw wrong(key, "a list of texts");
    return value;
  };
  return {
    project,
    base: readStack(text("previewBase")),
    timeToLive: readDuration(text("previewTimeToLive"), "previewTimeToLive:"),
    registries: texts("previewRegistries"),
    ownClusters: count("previewOwnClusters"),
    nodes: count("previewNodes"),
    nodeSizes: texts("previewNodeSizes"),
    resourceTypes: texts("previewResourceTypes"),
    reaches: readReaches(setting("previewReaches")),
  };
}

async function readYaml(file: string) {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new PreviewProblem(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined || !isMap(document.contents)) {
    throw new PreviewProblem(
      `${file} is not the YAML of Pulumi settings${error === undefined ? "." : `: ${error.message}`}`,
    );
  }
  return document;
}
