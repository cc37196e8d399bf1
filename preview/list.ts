import { CommandError } from "@pulumi/pulumi/automation";
import { pullRequestOf } from "../program/previews/settings";
import { type Engine, findStack } from "./engine";
import { tagsOf, type StackTags } from "./tags";

/** A preview as the backend knows it. */
export interface PreviewStack {
  readonly pullRequest: number;
  readonly stack: string;
  /** Of the last update that ended; absent before the first. ISO 8601. */
  readonly lastUpdate?: string;
  /** Whether an engine works on it now, as far as the backend knows. */
  readonly updating: boolean;
  readonly tags: StackTags;
}

/** All previews of the project, in the order of their pull requests. */
export async function previewStacks(engine: Engine): Promise<readonly PreviewStack[]> {
  const stacks = await engine.workspace.listStacks();
  const previews = stacks.flatMap(({ name, lastUpdate, updateInProgress }) => {
    // Backends may say organization and project before the name.
    const stack = name.split("/").at(-1) ?? name;
    const pullRequest = pullRequestOf(stack);
    if (pullRequest === undefined) return [];
    return [
      { pullRequest, stack, ...(lastUpdate !== undefined && { lastUpdate }), updating: updateInProgress ?? false },
    ];
  });
  const marked = await inTurns(4, previews, async (preview): Promise<readonly PreviewStack[]> => {
    try {
      return [{ ...preview, tags: await tagsOf(engine, preview.stack) }];
    } catch (error) {
      // Removed since it was listed.
      if (error instanceof CommandError && (await findStack(engine, preview.stack)) === undefined) return [];
      throw error;
    }
  });
  return marked.flat().sort((a, b) => a.pullRequest - b.pullRequest);
}

/** Does something for each of many, a few at a time, and keeps their order. */
export async function inTurns<A, B>(atOnce: number, all: readonly A[], work: (one: A) => Promise<B>): Promise<B[]> {
  const results: B[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < all.length) {
      const index = next;
      next += 1;
      const one = all[index];
      if (one !== undefined) results[index] = await work(one);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, worker));
  return results;
}
