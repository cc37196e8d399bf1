/** A mistake in how the command was called. The message is all that is printed. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Reading manifests failed; the problems were printed. */
export class BadInput extends Error {
  override readonly name = "BadInput";
}
