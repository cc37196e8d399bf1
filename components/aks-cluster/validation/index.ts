import { Output, RunError } from "@pulumi/pulumi";

import { type ClusterSettings } from "../settings";
import { accessProblems } from "./access";
import { notAChoice } from "./choices";
import { clusterProblems } from "./cluster";
import { type Format, formats } from "./formats";
import { meshProblems } from "./mesh";
import { networkProblems } from "./network";
import { nodePoolProblems } from "./node-pools";
import { type Problem } from "./problem";
import { upgradeProblems } from "./upgrades";
import { mapValues } from "./walk";

export { type Problem } from "./problem";

/** Everything that is wrong with the settings as far as they are known, in the order of the arguments' sections. */
export function problemsOf(settings: ClusterSettings): Problem[] {
  const single: Problem[] = [];
  mapValues(settings, (path, pattern, value) => {
    const wrong = typeof value === "string" ? formats[pattern]?.(value, settings) : undefined;
    single.push(...(wrong === undefined ? [] : [{ path, message: wrong }]), ...notAChoice(pattern, path, value));
    return value;
  });
  return [
    ...single,
    ...clusterProblems(settings),
    ...meshProblems(settings),
    ...accessProblems(settings),
    ...networkProblems(settings),
    ...upgradeProblems(settings),
    ...nodePoolProblems(settings),
  ];
}

/**
 * The settings, with every value that is only known later guarded by the same checks.
 *
 * @throws Error that lists every problem.
 */
export function validate(settings: ClusterSettings): ClusterSettings {
  const problems = problemsOf(settings);
  if (problems.length > 0) {
    throw invalid(settings, problems);
  }
  return mapValues(settings, (path, pattern, value) => {
    const format = formats[pattern];
    return Output.isInstance(value) && format ? value.apply(guard(path, format, settings)) : value;
  });
}

/**
 * What {@link validate} does with a value once it is known.
 *
 * @throws Error if the value is wrong.
 */
export function guard(path: string, format: Format, settings: ClusterSettings): (known: unknown) => unknown {
  return (known) => {
    const wrong = typeof known === "string" ? format(known, settings) : undefined;
    if (wrong !== undefined) {
      throw invalid(settings, [{ path, message: wrong }]);
    }
    return known;
  };
}

/** The error that lists problems of a cluster. */
export function invalid({ name }: ClusterSettings, problems: readonly Problem[]): Error {
  const lines = problems.map(({ path, message }) => `  ${path} ${message}`);
  return new RunError(`The cluster "${name}" cannot be made as described:\n${lines.join("\n")}`);
}
