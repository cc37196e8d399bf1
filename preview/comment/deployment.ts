import { type Review } from "../report";
import { accessSection, brokenSection } from "./access";
import { mergingCostSection } from "./cost";
import { code } from "./escape";
import { planSections } from "./plan";
import { hideSecrets } from "./secrets";
import { fit } from "./sections";

/** A workflow's summary takes a megabyte; this is for people. */
const mostCharacters = 200_000;

/**
 * What a plan would do to a stack, for whoever approves it, in GitHub's Markdown.
 *
 * @param digest of the plan, by which it is approved.
 */
export function renderDeployment(stack: string, digest: string, review: Review): string {
  const { access, plan, merging } = hideSecrets(review);
  const head = [`### Deployment of stack ${code(stack, 60)}`, `What is approved is this plan: ${code(digest, 80)}.`];
  const sections = [
    ...(access === undefined ? [] : [brokenSection(access), accessSection(access)]),
    ...(plan === undefined ? [] : planSections(plan)),
    mergingCostSection(merging),
  ];
  return fit(
    { head: head.join("\n\n"), sections: sections.filter((section) => section !== undefined) },
    mostCharacters,
  );
}
