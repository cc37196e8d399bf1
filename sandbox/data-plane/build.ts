import path from "node:path";
import { buildTool } from "../tools/build";
import { buildOnce, isBuilt, locateBuild, logFileOf } from "../tools/cache";
import { type ToolDefinition } from "../tools/definitions";
import { buildProgress } from "../tools/progress";

/** A build that takes longer than this tells how it goes on. */
const longSeconds = 60;

/** A Go program that most users of the sandbox never need, so that it is built on first use. */
export interface OptionalTool {
  readonly name: string;
  readonly version: string;
  readonly packages: readonly string[];
  /** Further names of the first executable, as in {@link ToolDefinition}. Default: none. */
  readonly links?: readonly string[];
  /** Go's build tags, which choose parts of it. Default: none. */
  readonly tags?: readonly string[];
  /** Files that it needs at run time, as in {@link ToolDefinition}. Default: none. */
  readonly files?: ToolDefinition["files"];
  /** Changes to a required module's source, as in {@link ToolDefinition}. Default: none. */
  readonly edits?: ToolDefinition["edits"];
  /** About how long the build takes the first time. */
  readonly seconds: number;
  /** Folder of its Go module. */
  readonly source: string;
  /** Folders of this checkout that the module needs besides. */
  readonly uses: readonly string[];
  /** What it is, for the message that it is being built. */
  readonly title: string;
}

/**
 * Builds the tool unless it is in the cache, under its version and a hash of its sources.
 * @param report gets a line when something has to be built, and while a long build goes on.
 * @returns folder of its executables.
 */
export async function ensureOptionalTool(tool: OptionalTool, report: (message: string) => void): Promise<string> {
  const { name, version, packages, links = [], files = [], seconds, source } = tool;
  const definition: ToolDefinition = {
    ...{ name, version, packages, seconds, linkerVariables: {}, links, files },
    // The folder's name is a hash of this: a tool without them keeps the one that it had.
    ...(tool.tags !== undefined && { tags: tool.tags }),
    ...(tool.edits !== undefined && { edits: tool.edits }),
  };
  const directory = await locateBuild(definition, [source, ...tool.uses], (file) => !file.endsWith("_test.go"));
  if (!(await isBuilt(directory))) {
    report(`Building ${tool.title} …`);
    await buildOnce(
      directory,
      () => report(`Another process is building ${name}: waiting for it.`),
      async () => {
        const progress = seconds < longSeconds ? undefined : buildProgress([definition], report);
        progress?.started(definition);
        try {
          await buildTool(definition, source, directory, await logFileOf(definition));
          progress?.finished(definition);
        } finally {
          progress?.stop();
        }
      },
    );
  }
  return path.join(directory, "bin");
}
