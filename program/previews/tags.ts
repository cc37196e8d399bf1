import { type PreviewSettings } from "./settings";

/** What a preview writes on all that it makes: tags of Azure resources and of its stack, annotations of its namespaces. */
export function previewTags({ pullRequest, commit, owner, expires }: PreviewSettings) {
  return { "pull-request": String(pullRequest), commit, owner, expires };
}
