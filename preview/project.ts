import { copyFile, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { type Document, parseDocument } from "yaml";
import { type PreviewSettings, pullRequestOf } from "../program/previews/settings";
import { commonSettingsFile } from "./settings";

/** A Pulumi project directory of one command, whose `main` is the program. */
export interface Project {
  readonly directory: string;
  /**
   * Writes the settings file of a preview's stack: what all previews have in common and what this one is made of. To remove a
   * stack, the first is enough.
   */
  configure(stack: string, project: string, preview?: PreviewSettings): Promise<void>;
  /** Forgets the directory. */
  close(): Promise<void>;
}

/**
 * Makes the directory. Pulumi writes into a project's settings files, and several commands may run for one checkout at the
 * same time: so each has copies of its own, and the checkout stays as it is.
 *
 * @param edit changes the settings of the stacks that are no previews. Default: they stay as they are.
 */
export async function openProject(program: string, edit?: (settings: Document) => void): Promise<Project> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), "aks-mesh-preview-")));
  const definition = parseDocument(await readFile(join(program, "Pulumi.yaml"), "utf8"));
  definition.set("main", relative(directory, join(await realpath(program), String(definition.get("main") ?? ""))));
  await writeFile(join(directory, "Pulumi.yaml"), definition.toString());
  const settings = (await readdir(program)).filter((name) => {
    const stack = /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1];
    return stack !== undefined && pullRequestOf(stack) === undefined;
  });
  await Promise.all(
    settings.map(async (name) => {
      if (edit === undefined) return copyFile(join(program, name), join(directory, name));
      const document = parseDocument(await readFile(join(program, name), "utf8"));
      edit(document);
      return writeFile(join(directory, name), document.toString());
    }),
  );
  return {
    directory,
    configure: async (stack, project, preview) => {
      const document = parseDocument(await readFile(join(program, commonSettingsFile), "utf8"));
      // For `pulumi stack init`; afterwards the state says it, with the key that goes with it.
      document.delete("secretsprovider");
      if (preview !== undefined) document.setIn(["config", `${project}:preview`], preview);
      // Pulumi reads YAML 1.1, where a date or a commit of digits is no text unless it is quoted.
      const text = document.toString({ defaultStringType: "QUOTE_DOUBLE" });
      await writeFile(join(directory, `Pulumi.${stack}.yaml`), text);
    },
    close: () => rm(directory, { recursive: true, force: true }),
  };
}
