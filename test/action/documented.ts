import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** The workflows in docs/any-repository.md. */
export function documentedWorkflows(): readonly string[] {
  const page = readFileSync(resolve(__dirname, "../../docs/any-repository.md"), "utf8");
  const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, block = ""]) => block);
  return blocks.filter((block) => block.includes("\njobs:"));
}
