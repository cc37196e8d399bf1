import { openSandbox } from "../../sandbox/sandbox";
import { trafficCommand } from "../../sandbox/traffic";

/** `run-traffic.ts FOLDER …`: what `npm run sandbox -- traffic …` does, for the sandbox in a folder, and its program where TEST_PROGRAM names another. */
async function main([directory, ...args]: readonly string[]): Promise<number> {
  return trafficCommand(await openSandbox(() => undefined, { directory, program: process.env["TEST_PROGRAM"] }), args);
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  },
);
