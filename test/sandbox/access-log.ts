import { readFile } from "node:fs/promises";

/** What a pod's sidecar says of a call: fields of JSON, or a line of text. */
export interface Logged {
  /** `namespace/name`. */
  readonly pod: string;
  readonly log: string | Readonly<Record<string, unknown>>;
}

/** What sidecars have said of calls so far, in the file that `traffic` keeps of it. */
export async function readAccessLog(file: string): Promise<readonly Logged[]> {
  const lines = (await readFile(file, "utf8")).split("\n");
  // The last one may be in writing.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Logged);
}
