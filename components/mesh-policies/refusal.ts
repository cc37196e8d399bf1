/** The last word of a preview whose policies have errors: each was shown on its resource, and the program went on to its end. */
export function refusal(errors: number): string {
  return `The mesh policies have ${String(errors)} error${errors === 1 ? "" : "s"}, shown on what they are about.`;
}

/** How many errors that word says were shown; undefined for any other. */
export function errorsInRefusal(message: string): number | undefined {
  const count = Number(/^The mesh policies have (\d+) errors?, /.exec(message)?.[1]);
  return message === refusal(count) ? count : undefined;
}
