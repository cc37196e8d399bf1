import { join } from "node:path";

/** What is said to node before the name of a TypeScript file that it shall run. */
export const typescriptArguments: readonly string[] = ["--require", join(__dirname, "run-typescript.cjs")];
