import { RunError } from "@pulumi/pulumi";
import { type IstioPlan } from "../components/aks-cluster";

/**
 * The revisions of a cluster's Istio: what Azure and the settings come to together; where Azure cannot be asked, what the settings say.
 *
 * @param named The setting `meshRevisions`.
 * @returns first the revision that new pods join.
 * @throws RunError where neither says any.
 */
export function chosenRevisions(plan: IstioPlan | undefined, named: readonly string[]): IstioPlan {
  if (plan !== undefined) return plan;
  if (named.length > 0) return { revisions: named, starting: [], next: [] };
  throw new RunError(
    "Azure could not be asked which revisions of Istio there are, and aks-mesh:meshRevisions names none. Log in, or write one: " +
      "`pulumi config set --path 'meshRevisions[0]' asm-1-30`.",
  );
}
