import { loadCommand } from "../../sandbox/load";
import { terminalReport } from "../../sandbox/progress";
import { openSandbox } from "../../sandbox/sandbox";

/** `run-load.ts FOLDER …`: what `npm run sandbox -- load …` does, for the sandbox in a folder, and its program where TEST_PROGRAM names another. */
async function main([directory = "", ...args]: readonly string[]): Promise<number> {
  return loadCommand(() => openSandbox(terminalReport(), { directory, program: process.env["TEST_PROGRAM"] }), args);
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(2);
  },
);
