import { type SampleNamespaces } from "../components/bookstore";
import { type NamespaceFenceSettings } from "../components/namespace-fence";
import { type PreviewSettings } from "./preview-settings";

/** The label of a preview's namespaces; its value is the number of the pull request. */
export const previewLabel = "aks-mesh/preview";

/** What marks a preview wherever it leaves something: tags of its Azure resources, annotations of its namespaces. */
export function previewTags({ pullRequest, commit, owner, expires }: PreviewSettings) {
  return { "pull-request": String(pullRequest), commit, owner, expires };
}

/** The namespaces of a preview on a shared cluster: named, marked, and closed to everybody else's. */
export function previewNamespaces(settings: PreviewSettings, bounds: NamespaceFenceSettings): SampleNamespaces {
  const own = { [previewLabel]: String(settings.pullRequest) };
  const annotations = Object.entries(previewTags(settings)).map(([key, value]): [string, string] => [
    `aks-mesh/${key}`,
    value,
  ]);
  return {
    prefix: `pr-${settings.pullRequest}-`,
    labels: own,
    annotations: Object.fromEntries(annotations),
    fence: { ...bounds, peers: own },
  };
}
