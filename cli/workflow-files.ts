import { appendFileSync } from "node:fs";

/** Adds to what a step of a workflow says to the next ones, or to people; nothing where no workflow runs. */
export function tellWorkflow(file: "GITHUB_OUTPUT" | "GITHUB_STEP_SUMMARY", text: string): void {
  const path = process.env[file];
  if (path !== undefined && path !== "") appendFileSync(path, text);
}
