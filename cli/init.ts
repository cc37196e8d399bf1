import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";
import { formatProblem, parseManifests } from "../mesh/manifests";
import { describeApplication } from "./init/described";
import { applicationFiles, identifier } from "./init/files";
import { readManifestFiles, reasonOf } from "./input";
import { readOptions } from "./options";
import { type Terminal } from "./terminal";
import { UsageError } from "./usage-error";

const options = { from: { type: "string" }, namespace: { type: "string" } } as const;

/** `aks-mesh init`: begins the definition of a team's own application in stacks/, from its manifests. */
export function initCommand(terminal: Terminal, args: readonly string[], root = process.cwd()): number {
  const { values, positionals } = readOptions(args, options);
  const [name, ...others] = positionals;
  if (name === undefined || others.length > 0)
    throw new UsageError("Name the application: aks-mesh init orders --from manifests/");
  if (!/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name)) {
    throw new UsageError(
      `"${name}" cannot name an application: write lower-case letters, digits and -, such as orders.`,
    );
  }
  if (values.from === undefined) {
    throw new UsageError(
      `Say where the manifests are: aks-mesh init ${name} --from manifests/ (a chart or an overlay: render it into a folder).`,
    );
  }
  if (!existsSync(join(root, "stacks", "index.ts"))) {
    throw new UsageError("There is no stacks/index.ts here: run it in a checkout of aks-mesh.");
  }
  const folder = join("stacks", name);
  if (existsSync(join(root, folder))) {
    throw new UsageError(`${folder} is there already: choose another name, or remove it first.`);
  }
  const from = relative(root, join(isAbsolute(values.from) ? "" : root, values.from));
  if (from.startsWith(".."))
    throw new UsageError(`${values.from} is outside of the repository: copy it to ${folder} or the like.`);
  const files = readManifestFiles([join(root, from)]).map((file) => ({ ...file, name: relative(root, file.name) }));
  const { namespace } = values;
  const { objects, problems, notes } = parseManifests(files, { ...(namespace !== undefined && { namespace }) });
  if (problems.length > 0) throw new UsageError(problems.map(formatProblem).join("\n"));
  const described = describeApplication(objects);
  if (described.services.size === 0) throw new UsageError([`${from} has no workload.`, ...notes].join(" "));

  for (const file of applicationFiles(name, described, from)) {
    try {
      mkdirSync(dirname(join(root, file.path)), { recursive: true });
      writeFileSync(join(root, file.path), file.text, { flag: "wx" });
    } catch (error) {
      throw new UsageError(`${file.path} cannot be written: ${reasonOf(error)}.`);
    }
    terminal.err(`wrote ${file.path}\n`);
  }
  for (const note of [...notes, ...described.notes]) terminal.err(`note: ${note}\n`);
  const called = identifier(name);
  terminal.out(
    [
      "Now, in the file of a stack, such as stacks/dev.ts:",
      `  import { ${called} } from "./${name}";`,
      `  … application: ${called},`,
      `Then say in stacks/${name}/policy.ts who may call whom. docs/your-application.md goes on from here.`,
      "",
    ].join("\n"),
  );
  return 0;
}
