/** A line of a trace whose path ends right below a scope, `node_modules/@pulumi/resource.ts`, with no package between. */
const belowScope = /\n[^\n]*[\\/]node_modules[\\/]@[^\\/\n]+[\\/][^\\/\n]*(?=\n|$)/g;

function shorten(error: unknown): void {
  if (error instanceof Error && error.stack !== undefined) error.stack = error.stack.replace(belowScope, "");
}

/**
 * Takes lines of Pulumi's own out of the traces of errors that end the program. Pulumi's source maps lack the folder of its package, and Node.js
 * 20 never gets to the end of such a line when it colours a trace: it adds to a text until that is too long, half a minute
 * and half a gigabyte. Pulumi has it colour the trace of every error, those too of which it shows the message alone.
 */
export function shortenTraces(): void {
  process.prependListener("uncaughtException", shorten);
  process.prependListener("unhandledRejection", shorten);
}
