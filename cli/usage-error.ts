/** A mistake in how the command was called. The message is all that is printed. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
