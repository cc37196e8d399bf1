import * as pulumi from "@pulumi/pulumi";

/** Whether no part of a value is an Output or a promise. */
export function isPlain(value: unknown): boolean {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return false;
  return typeof value !== "object" || value === null || Object.values(value).every(isPlain);
}

/** The value of an Output, in a list; an empty list where a preview does not know it. */
export async function knownValue<T>(output: pulumi.Output<T>): Promise<readonly T[]> {
  const found: T[] = [];
  // Whether an Output is secret is only settled once its callbacks have run, or are known not to run.
  await pulumi.isSecret(
    output.apply((value) => {
      found.push(value);
    }),
  );
  return found;
}
