/** Number of a revision of the Istio add-on, 30 of `asm-1-30`; undefined for what is no revision. */
export function revisionNumber(revision: string): number | undefined {
  const digits = /^asm-1-(\d+)$/.exec(revision)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Revisions from the oldest to the newest. */
export function oldestFirst(revisions: readonly string[]): string[] {
  return [...revisions].sort((one, other) => (revisionNumber(one) ?? 0) - (revisionNumber(other) ?? 0));
}
