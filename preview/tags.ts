import { type PreviewSettings } from "../program/previews/settings";
import { previewTags } from "../program/previews/tags";
import { type Engine } from "./engine";

/** The tags of a preview's stack. Those that a run was killed before it set are absent. */
export interface StackTags {
  readonly commit?: string;
  readonly owner?: string;
  /** ISO 8601 in UTC. */
  readonly expires?: string;
  readonly cluster?: "shared" | "own";
  /** The stack whose cluster it shares, or which it is compared with. */
  readonly base?: string;
}

/**
 * Tags a stack: pull request, commit, owner, end of its life and the rest. Set before anything is deployed, so that
 * the reaper finds whatever a killed run leaves.
 */
export async function tagStack({ workspace }: Engine, stack: string, settings: PreviewSettings): Promise<void> {
  const wanted = { ...previewTags(settings), cluster: settings.cluster, base: settings.base };
  const present = await workspace.listTags(stack);
  for (const [key, value] of Object.entries(wanted)) {
    // One after the other: a backend keeps them in one file.
    if (present[key] !== value) await workspace.setTag(stack, key, value);
  }
}

/** The tags of a stack. */
export async function tagsOf({ workspace }: Engine, stack: string): Promise<StackTags> {
  const { commit, owner, expires, cluster, base } = await workspace.listTags(stack);
  return {
    ...(commit !== undefined && { commit }),
    ...(owner !== undefined && { owner }),
    ...(expires !== undefined && !Number.isNaN(Date.parse(expires)) && { expires }),
    ...((cluster === "shared" || cluster === "own") && { cluster }),
    ...(base !== undefined && { base }),
  };
}
