import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";

/** Where a `file://` backend keeps the checkpoints of a project's stacks. */
function checkpoints(state: string, project: string): string {
  return join(state, ".pulumi", "stacks", project);
}

/** Whether the backend knows the stack: read from disk, which is a second quicker than asking the engine. */
export function stackExists(state: string, project: string, stack: string): boolean {
  return existsSync(join(checkpoints(state, project), `${stack}.json`));
}

/** The stacks of a project and how many resources each holds. */
export async function listStacks(state: string, project: string): Promise<{ name: string; resources: number }[]> {
  const directory = checkpoints(state, project);
  if (!existsSync(directory)) return [];
  const files = (await readdir(directory)).filter((file) => file.endsWith(".json")).sort();
  return Promise.all(
    files.map(async (file) => {
      const { checkpoint } = JSON.parse(await readFile(join(directory, file), "utf8")) as {
        checkpoint: { latest?: { resources?: unknown[] } };
      };
      return { name: basename(file, ".json"), resources: checkpoint.latest?.resources?.length ?? 0 };
    }),
  );
}
