import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { ensureJudge } from "../../judge";

/** How far OSM's own catalogue came with the relation of the same objects. */
export interface CatalogueRun {
  readonly pods: number;
  /** Pods that were answered before the time was up. */
  readonly answered: number;
  /** Services that these may call. */
  readonly calls: number;
  readonly milliseconds: number;
}

/** Asks OSM's catalogue, as it runs in the controller, about the pods of a file of objects, for some seconds at most. */
export async function catalogueRun(objectsFile: string, limitSeconds: number): Promise<CatalogueRun> {
  const bin = await ensureJudge((message) => process.stderr.write(`${message}\n`));
  const output = await new Promise<string>((resolve, reject) => {
    const child = execFile(
      path.join(bin, "relation"),
      ["-limit", `${String(limitSeconds)}s`],
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(stderr === "" ? error.message : stderr, { cause: error }));
      },
    );
    if (child.stdin !== null) pipeline(createReadStream(objectsFile), child.stdin).catch(reject);
  });
  return JSON.parse(output) as CatalogueRun;
}
