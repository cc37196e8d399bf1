/**
 * What decides over previews. A pull request that touches it gets none: it would be judged by rules that it changes, and what it
 * changes only counts once it is on the main branch anyway.
 */
const protectedPaths: readonly RegExp[] = [
  /^\.github\//i,
  /^preview\//i,
  /^cli\//i,
  /^program\/previews\//i,
  /^stacks\/preview/i,
  /^pulumi(\.preview)?\.ya?ml$/i,
  /(^|\/)\.npmrc$/i,
  /(^|\/)\.gitmodules$/i,
];

/** The first of the files that is protected. */
export function protectedFile(files: readonly string[]): string | undefined {
  return files.find((file) => protectedPaths.some((pattern) => pattern.test(file)));
}
