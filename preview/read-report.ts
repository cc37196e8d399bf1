import { commit, either, list, number, oneOf, optional, orNull, record, shape, text, truth } from "./form";
import { InputProblem } from "./problem";
import { type PreviewReport, type Review } from "./report";

/**
 * Reads a report that another job wrote. That job ran the pull request's code, so that the text may be anything.
 *
 * @throws {InputProblem} where it is no report, or one of another pull request.
 */
export function readReport(text: string, pullRequest: number): PreviewReport {
  const value = read(text, "report");
  if (!isReport(value)) throw new InputProblem("The report has not the form that `aks-mesh preview up` writes.");
  if (value.pullRequest === pullRequest && value.stack === `pr-${pullRequest}`) return value;
  throw new InputProblem(`The report is not one of pull request ${pullRequest}.`);
}

/** A review, and what it is about. */
export interface ReviewOfCommit extends Review {
  readonly pullRequest: number;
  readonly commit: string;
}

/**
 * The report of a job that ran the pull request's code, with the review of one that did not: what the first says of these things counts
 * for nothing.
 *
 * @param review text of the review; undefined where there is none.
 * @throws {InputProblem} where it is no review, or one of another commit.
 */
export function withReview(report: PreviewReport, review: string | undefined): PreviewReport {
  const reviewed = review === undefined ? {} : readReview(review, report);
  const isReviewed = ([field]: readonly [string, unknown]): boolean => Object.hasOwn(reviewFields, field);
  const joined: unknown = Object.fromEntries([
    ...Object.entries(report).filter((entry) => !isReviewed(entry)),
    ...Object.entries(reviewed).filter(isReviewed),
  ]);
  if (isReport(joined)) return joined;
  throw new InputProblem("The report has not the form that `aks-mesh preview up` writes.");
}

function readReview(text: string, { pullRequest, commit: wanted }: PreviewReport): ReviewOfCommit {
  const value = read(text, "review");
  if (!isReview(value)) throw new InputProblem("The review has not the form that `aks-mesh preview review` writes.");
  if (value.pullRequest === pullRequest && value.commit === wanted) return value;
  throw new InputProblem(`The review is not one of pull request ${pullRequest} at commit ${wanted}.`);
}

function read(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InputProblem(`The ${what} is no JSON.`);
  }
}

const ends = { from: text, to: text };
const request = either(
  shape({ ...ends, protocol: oneOf("tcp") }),
  shape({
    ...ends,
    protocol: oneOf("http"),
    method: optional(text),
    path: optional(text),
    headers: optional(record(either(text, list(text)))),
    host: optional(text),
  }),
);
const verdict = shape({
  outcome: text,
  status: orNull(number),
  outcomes: optional(list(text)),
  variesBy: optional(text),
});
const accessLine = shape({
  ...ends,
  kind: oneOf("opens", "closes", "unsettles", "settles", "shares", "answers", "unknown"),
  request: optional(request),
  before: optional(verdict),
  after: optional(verdict),
  shares: optional(list(text)),
});
const plannedChange = shape({
  op: oneOf("create", "update", "replace", "delete"),
  type: text,
  name: text,
  properties: optional(list(text)),
  noise: truth,
});

/** Names as Azure takes them: people copy them into a shell. */
const azureName = (value: unknown): boolean => typeof value === "string" && /^[A-Za-z0-9][\w.-]{0,89}$/.test(value);

export const clusterPlace = shape({ resourceGroupName: azureName, clusterName: azureName });

export const plan = shape({ changes: list(plannedChange), unchanged: number, partial: optional(truth) });

const monthly = { what: text, amount: orNull(number) };

/** The fields of a {@link Review}. */
const reviewFields = {
  plan: optional(plan),
  refused: optional(text),
  access: optional(
    shape({
      comparedWith: text,
      changes: either(list(accessLine), shape({ unknown: text })),
      guarantees: number,
      broken: list(
        shape({
          object: optional(text),
          rule: optional(text),
          message: text,
          request: optional(request),
          remedy: text,
        }),
      ),
      unmetAssumptions: optional(list(text)),
    }),
  ),
  cost: optional(
    shape({
      currency: text,
      total: orNull(number),
      parts: list(shape({ name: text, ...monthly })),
    }),
  ),
  merging: optional(
    shape({
      currency: text,
      difference: orNull(number),
      parts: list(shape({ name: text, before: optional(shape(monthly)), after: optional(shape(monthly)) })),
    }),
  ),
  differences: optional(list(text)),
  cluster: optional(clusterPlace),
};

const review = shape({ pullRequest: number, commit, ...reviewFields });

const report = shape({
  pullRequest: number,
  commit,
  stack: text,
  kind: oneOf("shared", "own"),
  state: either(
    shape({ status: oneOf("running", "removed") }),
    shape({ status: oneOf("failed"), error: text }),
    shape({ status: oneOf("teardown-failed"), error: text, left: list(text) }),
  ),
  ...reviewFields,
  addresses: list(shape({ name: text, url: text })),
  health: optional(shape({ ready: number, total: number, problems: list(text) })),
  expires: optional(text),
  outputs: list(
    either(shape({ name: text, secret: (value) => value === true }), shape({ name: text, secret: truth, value: text })),
  ),
});

function isReport(value: unknown): value is PreviewReport {
  return report(value);
}

function isReview(value: unknown): value is ReviewOfCommit {
  return review(value);
}
