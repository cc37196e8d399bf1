import { type AccessChange, differences, inOrder } from "../analysis/diff";
import { type Mesh } from "../analysis/mesh";
import { type AccountKey } from "../cluster/keys";
import { plainPath } from "../istio/path-cover";
import { type CallRequest, type Verdict } from "../request/request";

/** What "equal" is said of, to be said in the same sentence. */
export const equalExtent =
  "equal for every request whose path is one of RFC 3986 and normalised, with no header repeated, sent through a sidecar to a Service under its full name; refusals may carry another status";

/** Calls that fail in both meshes, and are answered differently. */
export interface OtherAnswers {
  /** Such as `404 → 403`. */
  readonly title: string;
  readonly pairs: number;
  readonly request: CallRequest;
}

/** What two meshes do differently. */
export interface Proof {
  /** Changes of what passes that nobody asked for. Nothing here is a proof of the equality that {@link equalExtent} names. */
  readonly changes: readonly AccessChange[];
  /** Changes at accounts for which nothing is written yet, or something else was chosen. */
  readonly expected: readonly AccessChange[];
  readonly answers: readonly OtherAnswers[];
}

/**
 * Compares what passes in two meshes, call by call.
 *
 * @param notEqual accounts that are known not to be equal.
 */
export function proveBack(before: Mesh, after: Mesh, notEqual: ReadonlySet<AccountKey>): Proof {
  const found = new Map<AccessChange, number>();
  for (const { pairs, first, all } of differences(before, after, plainPath)) {
    const [only] = first;
    // Of pairs that are alike and only answered otherwise one shows it.
    if (only?.kind === "answers") found.set(only, pairs);
    else for (const change of all()) found.set(change, 1);
  }
  const answers = new Map<string, { readonly request: CallRequest; pairs: number }>();
  const changes: AccessChange[] = [];
  const expected: AccessChange[] = [];
  for (const change of inOrder([...found.keys()])) {
    if (isOfOneService(change)) continue;
    const { kind, request, before: was, after: is } = change;
    if (kind === "answers" && request !== undefined && was !== undefined && is !== undefined) {
      const title = `${answerText(was)} → ${answerText(is)}`;
      const pairs = found.get(change) ?? 1;
      const known = answers.get(title);
      if (known === undefined) answers.set(title, { request, pairs });
      else known.pairs += pairs;
    } else if (isExpected(before, change, notEqual)) expected.push(change);
    else changes.push(change);
  }
  return { changes, expected, answers: Array.from(answers, ([title, one]) => ({ title, ...one })) };
}

/**
 * Whether traffic goes to the same Services before and after: Open Service Mesh has each pod of a StatefulSet as a backend of its own,
 * `shop/cache-0.cache`, Istio has the Service.
 */
export function isOfOneService({ kind, before, after }: Pick<AccessChange, "kind" | "before" | "after">): boolean {
  const shares = (verdict: AccessChange["before"]): string => {
    const sums = new Map<string, number>();
    for (const [name, share] of Object.entries(verdict?.backends ?? {})) {
      const service = name.replace(/\/[^/.]+\./, "/");
      sums.set(service, (sums.get(service) ?? 0) + (share ?? NaN));
    }
    return JSON.stringify([...sums].map(([service, sum]) => [service, sum.toFixed(6)]).sort());
  };
  return kind === "shares" && shares(before) === shares(after);
}

/** Whether a call comes to an account that is known not to be equal, by its own Service or through a split. */
function isExpected(mesh: Mesh, { before, after, to }: AccessChange, notEqual: ReadonlySet<AccountKey>): boolean {
  if (notEqual.size === 0) return false;
  const [name = "", namespace = ""] = to.split(":")[0]?.split(".").slice(0, 2) ?? [];
  const backends = [before, after].flatMap((verdict) => Object.keys(verdict?.backends ?? {}));
  return [`${namespace}/${name}`, ...backends].some((service) =>
    mesh.accountsBehind({ service }).some((account) => notEqual.has(account)),
  );
}

function answerText({ outcome, status, outcomes }: Verdict): string {
  if (status !== null) return String(status);
  return outcome === "varies" ? (outcomes ?? []).join(" or ") : outcome === "refused" ? "connection refused" : outcome;
}
