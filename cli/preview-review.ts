import { resolve } from "node:path";
import { hideSecrets } from "../preview/comment";
import { readCommit, readPullRequest } from "../preview/inputs";
import { readBaseStack, readPlanned } from "../preview/planned";
import { type Review } from "../preview/report";
import { review, type ReviewTerms } from "../preview/review";
import { type PreviewPolicy, readPreviewPolicy } from "../preview/settings";
import { readText } from "./input";
import { readOptions } from "./options";
import { keep, nothingKnown } from "./preview-files";
import { describeReview } from "./preview-text";
import { type Terminal } from "./terminal";
import { UsageError } from "./usage-error";

/** `aks-mesh preview review`: what the plans come to that another job made by running the pull request's code. Runs none of it. */
export async function previewReviewCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { values } = readOptions(args, {
    pr: { type: "string" },
    commit: { type: "string" },
    planned: { type: "string" },
    resources: { type: "string" },
    output: { type: "string" },
  } as const);
  const pullRequest = readPullRequest(values.pr);
  if (values.commit === undefined) throw new UsageError("Say which commit was planned: --commit SHA.");
  if (values.planned === undefined || values.output === undefined) {
    throw new UsageError("Say where the plan is and where the review shall be: --planned FILE --output FILE.");
  }
  const commit = readCommit(values.commit);
  const planned = readPlanned(readText(values.planned, `The plan ${values.planned}`), { pullRequest, commit });
  const base =
    values.resources === undefined
      ? undefined
      : readBaseStack(readText(values.resources, `The resources ${values.resources}`));
  const policy = await readPreviewPolicy(resolve(__dirname, ".."));
  const reviewed = { pullRequest, commit, ...(await review(planned, base, termsOf(policy))) };
  terminal.out(describeReview(hideSecrets(reviewed), terminal));
  keep(reviewed, values.output, nothingKnown);
  return holds(reviewed) ? 0 : unheld;
}

/** Exit code where all went well, and merging would break guarantees, or leave them unproved. */
export const unheld = 3;

/** Whether merging keeps every guarantee, proved. */
export function holds({ access }: Review): boolean {
  return access === undefined || access.broken.length === 0;
}

/** What reviews go by, as the checkout has it that this command belongs to. */
export function termsOf({ project, reaches }: PreviewPolicy): ReviewTerms {
  return { project, reaches, prices: process.env["AKS_MESH_PRICES_URL"] };
}
