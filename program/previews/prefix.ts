/** What the names of a preview's namespaces on a shared cluster begin with. */
export function previewPrefix(pullRequest: number): string {
  return `pr-${pullRequest}-`;
}

/** The pull request whose preview a namespace of a shared cluster belongs to; undefined for one that belongs to everybody. */
export function previewOf(namespace: string): number | undefined {
  const digits = /^pr-([1-9]\d{0,8})-/.exec(namespace)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
