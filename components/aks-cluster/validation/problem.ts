/** One thing that is wrong with the arguments: where, and what to write instead. */
export interface Problem {
  /** Path of the property in the arguments, for example `nodePools[0].maxPods`. */
  readonly path: string;
  /** A sentence that follows the path: what is wrong, and what to write instead. */
  readonly message: string;
}

/** No problem if `holds`, else the one described. */
export function must(holds: boolean, path: string, message: string): Problem[] {
  return holds ? [] : [{ path, message }];
}

/** Whether `value` is a whole number from `least` to `most`. */
export function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** `value` as a person wrote it, for a message. */
export function quoted(value: unknown): string {
  return JSON.stringify(value);
}
