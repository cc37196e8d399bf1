import { rename, writeFile } from "node:fs/promises";

/** Writes a file in one step: a reader, or a later run after a crash, sees the old content or the new, never a part. */
export async function writeWhole(file: string, content: string, mode = 0o600): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, content, { mode });
  await rename(temporary, file);
}
