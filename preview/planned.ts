import { isJsonObject } from "../mesh/manifests";
import { commit, list, number, optional, shape, text, truth } from "./form";
import { type EngineResource } from "./plan";
import { InputProblem } from "./problem";
import { clusterPlace, plan } from "./read-report";
import { type ClusterPlace, type Plan } from "./report";

/** What the engine says that a stack would be with the pull request's program. */
export interface PlannedStack {
  /** The resources that there would be; not all of them where the program ended early. */
  readonly resources: readonly EngineResource[];
  /** Whether the program came to its end, so that these are all resources. */
  readonly whole: boolean;
  /** What would happen to resources. */
  readonly plan: Plan;
  /** Why the engine or the program refuses to deploy it; absent where it would. */
  readonly refused?: string;
}

/** What is known of the stack that a pull request is meant for, as it is. */
export interface BaseStack {
  readonly stack: string;
  readonly resources: readonly EngineResource[];
  /** Its cluster; absent where it has none. */
  readonly cluster?: ClusterPlace;
}

/**
 * What a pull request's program plans, as data: made by running it, and read where none of its code runs. Whoever wrote the
 * program decides what stands here, as it decides what the program does.
 */
export interface Planned {
  readonly pullRequest: number;
  readonly commit: string;
  readonly kind: "shared" | "own";
  /** The stack that the pull request is meant for. */
  readonly base: string;
  /** That stack as it would be; absent where nobody planned it. */
  readonly merging?: PlannedStack;
  /** The preview; absent where it could not be planned. */
  readonly preview?: PlannedStack;
}

const resource = shape({ urn: text, type: text, custom: truth, inputs: isJsonObject });
const plannedStack = shape({ resources: list(resource), whole: truth, plan, refused: optional(text) });
const planned = shape({
  pullRequest: number,
  commit,
  kind: (value) => value === "shared" || value === "own",
  base: text,
  merging: optional(plannedStack),
  preview: optional(plannedStack),
});
const baseStack = shape({
  stack: text,
  resources: list(resource),
  cluster: optional(clusterPlace),
});

/**
 * Reads what another job planned. That job ran the pull request's code, so that the text may be anything.
 *
 * @throws {InputProblem} where it is no plan, or one of another pull request or commit.
 */
export function readPlanned(json: string, wanted: Pick<Planned, "pullRequest" | "commit">): Planned {
  const value = read(json, "plan", "`preview up --planned`");
  if (!isPlanned(value)) throw new InputProblem("The plan has not the form that `preview up --planned` writes.");
  if (value.pullRequest === wanted.pullRequest && value.commit === wanted.commit) return value;
  throw new InputProblem(`The plan is not one of pull request ${wanted.pullRequest} at commit ${wanted.commit}.`);
}

/** @throws {InputProblem} where it is not what `preview publish --resources` writes. */
export function readBaseStack(json: string): BaseStack {
  const value = read(json, "base", "`preview publish --resources`");
  if (isBaseStack(value)) return value;
  throw new InputProblem("The base has not the form that `preview publish --resources` writes.");
}

function read(json: string, what: string, writer: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new InputProblem(`The ${what} is no JSON, which ${writer} writes.`);
  }
}

function isPlanned(value: unknown): value is Planned {
  return planned(value);
}

function isBaseStack(value: unknown): value is BaseStack {
  return baseStack(value);
}
