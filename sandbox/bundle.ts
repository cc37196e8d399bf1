import { rename } from "node:fs/promises";
import { build } from "esbuild";

/** Makes one file of a TypeScript program and all its modules, in one step: it starts much faster than they do one by one. */
export async function bundle(main: string, file: string): Promise<void> {
  const draft = `${file}.draft`;
  await build({
    entryPoints: [main],
    outfile: draft,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    logLevel: "error",
  });
  await rename(draft, file);
}
