import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { type Document, parseDocument } from "yaml";
import { ifExists } from "../recovery/if-exists";
import { programDirectory } from "./paths";
import { UserError } from "./progress";

/** Which text of the program's stack settings was copied last, by file name. */
const copiedFile = ".copied.json";

const digest = (text: string) => createHash("sha256").update(text).digest("hex");

/** Parses a file of the program. @throws UserError with file, line and column where it is not YAML. */
async function readYaml(file: string): Promise<Document.Parsed> {
  const document = parseDocument(await readFile(file, "utf8"));
  const [error] = document.errors;
  if (error !== undefined) throw new UserError(`${file} is not valid YAML: ${error.message}`);
  return document;
}

/** Takes the settings anew, and keeps the salt that Pulumi wrote for the stack's secrets. */
function withSalt(settings: string, previous: string | undefined): string {
  const salt: unknown = previous === undefined ? undefined : parseDocument(previous).get("encryptionsalt");
  if (salt === undefined) return settings;
  const document = parseDocument(settings);
  document.set("encryptionsalt", salt);
  return document.toString();
}

/**
 * Writes the project that the engine runs: the program's own Pulumi.yaml with `main` pointing back at the program's, and a
 * copy of each Pulumi.<stack>.yaml. Pulumi stores an encryption salt and `config set` there: in the copy, so that the
 * checkout stays as it is. A copy is renewed when the original has changed.
 */
export async function writeProject(project: string, program = programDirectory): Promise<void> {
  await mkdir(project, { recursive: true });
  const definition = await readYaml(join(program, "Pulumi.yaml"));
  definition.set("main", relative(project, join(program, String(definition.get("main") ?? ""))));
  await writeFile(join(project, "Pulumi.yaml"), definition.toString());

  const copied: Record<string, string> = JSON.parse(
    (await ifExists(readFile(join(project, copiedFile), "utf8"))) ?? "{}",
  );
  for (const name of await readdir(program)) {
    if (!/^Pulumi\..+\.yaml$/.test(name)) continue;
    const settings = await readFile(join(program, name), "utf8");
    if (copied[name] === digest(settings)) continue;
    const previous = await ifExists(readFile(join(project, name), "utf8"));
    await writeFile(join(project, name), withSalt(settings, previous));
    copied[name] = digest(settings);
  }
  await writeFile(join(project, copiedFile), JSON.stringify(copied));
}
