import { type TestContext } from "vitest";
import { podProblem } from "../../sandbox/data-plane/runner";

let asked: ReturnType<typeof podProblem> | undefined;

/** Leaves the test out where pods cannot run, and says why. */
export async function needsPods({ skip }: Pick<TestContext, "skip">): Promise<void> {
  asked ??= podProblem();
  const problem = await asked;
  if (problem !== undefined) skip(problem);
}
