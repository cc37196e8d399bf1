import { type Labels } from "../cluster/workloads";
import { type ValuePath } from "../manifests";
import { type Reader } from "../manifests/reader";
import { type Certainty, every } from "./certainty";

/** A label selector: all of its requirements have to be met, so that an empty one selects everything. */
export type LabelSelector = readonly LabelRequirement[];

/** One requirement of a selector; an entry of `matchLabels` is an `In` with one value. */
export interface LabelRequirement {
  readonly key: string;
  /** In, NotIn, Exists or DoesNotExist. */
  readonly operator: string;
  readonly values: readonly string[];
}

/** Labels of an object, as far as they are known. */
export interface KnownLabels {
  readonly labels: Labels;
  /** Whether it has no others. */
  readonly complete: boolean;
}

export function readSelector(reader: Reader, value: unknown, path: ValuePath): LabelSelector {
  const { matchLabels, matchExpressions } = reader.record(value, path);
  const labels = reader.textMap(matchLabels, path, "matchLabels");
  return [
    ...Object.entries(labels).map(([key, only]) => ({ key, operator: "In", values: [only] })),
    ...reader.list(matchExpressions, path, "matchExpressions").map((item, index) => {
      const at = [...path, "matchExpressions", index];
      const expression = reader.record(item, at);
      return {
        key: reader.text(expression["key"], at, "key") ?? "",
        operator: reader.text(expression["operator"], at, "operator") ?? "",
        values: reader.texts(expression["values"], at, "values"),
      };
    }),
  ];
}

/** Whether a selector selects an object with the labels. */
export function isSelected(selector: LabelSelector, known: KnownLabels): Certainty {
  return every(selector, (requirement) => meetsRequirement(requirement, known));
}

/** `NotIn` is met by an object without the label, too (Kubernetes' labels.Requirement.Matches). */
function meetsRequirement({ key, operator, values }: LabelRequirement, { labels, complete }: KnownLabels): Certainty {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  if (value === undefined && !complete) return "maybe";
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value) ? "yes" : "no";
    case "NotIn":
      return value === undefined || !values.includes(value) ? "yes" : "no";
    case "Exists":
      return value === undefined ? "no" : "yes";
    case "DoesNotExist":
      return value === undefined ? "yes" : "no";
    default:
      // The API server refuses the policy, which is said elsewhere.
      return "maybe";
  }
}
