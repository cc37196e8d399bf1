import { type AccountKey } from "../cluster/keys";

/** Identity of a service account in Istio, exact: an exact principal is the one form that no revision reads as a pattern. */
export function principalOf(account: AccountKey): string {
  const [namespace = "", name = ""] = account.split("/");
  return `cluster.local/ns/${namespace}/sa/${name}`;
}
