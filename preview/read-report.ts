import { isJsonObject } from "../mesh/manifests";
import { InputProblem } from "./problem";
import { type PreviewReport } from "./report";

/**
 * Reads a report that another job wrote. That job ran the pull request's code, so that the text may be anything.
 *
 * @throws {InputProblem} where it is no report, or one of another pull request.
 */
export function readReport(text: string, pullRequest: number): PreviewReport {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputProblem("The report is no JSON.");
  }
  if (!isReport(value)) throw new InputProblem("The report has not the form that `aks-mesh preview up` writes.");
  if (value.pullRequest === pullRequest && value.stack === `pr-${pullRequest}`) return value;
  throw new InputProblem(`The report is not one of pull request ${pullRequest}.`);
}

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
const number: Check = (value) => typeof value === "number" && Number.isFinite(value);
const truth: Check = (value) => typeof value === "boolean";
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const record =
  (check: Check): Check =>
  (value) =>
    isJsonObject(value) && Object.values(value).every(check);
const either =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.some((check) => check(value));
const shape =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isJsonObject(value) && Object.entries(fields).every(([name, check]) => check(value[name]));
const oneOf =
  (...texts: readonly string[]): Check =>
  (value) =>
    typeof value === "string" && texts.includes(value);

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

const report = shape({
  pullRequest: number,
  commit: (value) => typeof value === "string" && /^([0-9a-f]{40})?$/.test(value),
  stack: text,
  kind: oneOf("shared", "own"),
  state: either(
    shape({ status: oneOf("running", "removed") }),
    shape({ status: oneOf("failed"), error: text }),
    shape({ status: oneOf("teardown-failed"), error: text, left: list(text) }),
  ),
  plan: optional(shape({ changes: list(plannedChange), unchanged: number })),
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
  addresses: list(shape({ name: text, url: text })),
  health: optional(shape({ ready: number, total: number, problems: list(text) })),
  expires: optional(text),
  cost: optional(
    shape({
      currency: text,
      total: orNull(number),
      parts: list(shape({ name: text, what: text, amount: orNull(number) })),
    }),
  ),
  outputs: list(
    either(shape({ name: text, secret: (value) => value === true }), shape({ name: text, secret: truth, value: text })),
  ),
});

function isReport(value: unknown): value is PreviewReport {
  return report(value);
}
