/**
 * Ends this process when nobody reads what it says any more, which is when its engine was killed. Pulumi's Node.js host does not: it
 * takes the failed write for an error of the program, tells the dead engine of it, warns that this failed, fails to
 * write that, and so on for ever, with a processor and ever more memory of its own.
 */
export function endWithEngine(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => process.exit(1));
}
