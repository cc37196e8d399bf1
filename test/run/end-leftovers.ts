import { endLeftovers } from "./leftovers";

/** Waits for the end of its standard input, which is that of the run, and ends what the run has left. */
const [run] = process.argv.slice(2);
if (run === undefined) throw new Error("usage: tsx end-leftovers.ts RUN");
process.stdin.resume();
process.stdin.on("end", () => {
  endLeftovers(run).catch((error: unknown) => {
    process.stderr.write(`What the tests left was not ended: ${String(error)}\n`);
    process.exitCode = 1;
  });
});
