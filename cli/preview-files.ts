import { writeFileSync } from "node:fs";
import { hideKnown, hideSecrets } from "../preview/comment";
import { type Surroundings } from "../preview/engine";
import { type BaseStack, type Planned, type PlannedStack } from "../preview/planned";
import { reviewedResources } from "../preview/reviewed-resources";
import { reasonOf } from "./input";
import { UsageError } from "./usage-error";

/** What is known to be secret where a report comes from. */
export type Known = Pick<Surroundings, "secrets">;

/** Nothing, where a report comes from a file: whoever wrote it knew, and hid it. */
export const nothingKnown: Known = { secrets: new Set() };

/** Writes a report or a review into a file, without secrets. */
export function keep(report: object, file: string, { secrets }: Known): void {
  write(file, "The report", hideSecrets(report, [...secrets]));
}

/**
 * Writes for the job that reviews what was planned. Forms of secrets are left as they are, since a policy with another header would be another
 * policy: what a review reads has none, and known secrets are not written.
 *
 * @returns whether it was written: not where a known secret stands in a policy.
 */
export function keepPlanned(planned: Planned, file: string, { secrets }: Known): boolean {
  const handed = withReviewedResources(planned);
  const text = JSON.stringify(handed);
  if (hideKnown(text, [...secrets]) !== text) return false;
  write(file, "The plan", handed);
  return true;
}

/** Writes what is known of the stack that a pull request is meant for. */
export function keepBase(base: BaseStack, file: string): void {
  write(file, "What is known of the stack", { ...base, resources: reviewedResources(base.resources) });
}

function withReviewedResources({ merging, preview, ...rest }: Planned): Planned {
  const handed = (stack: PlannedStack): PlannedStack => ({ ...stack, resources: reviewedResources(stack.resources) });
  return { ...rest, ...(merging && { merging: handed(merging) }), ...(preview && { preview: handed(preview) }) };
}

function write(file: string, what: string, value: unknown): void {
  try {
    writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new UsageError(`${what} cannot be written to ${file}: ${reasonOf(error)}.`);
  }
}
