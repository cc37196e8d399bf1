import { type Config, RunError } from "@pulumi/pulumi";
import { type PreviewReach } from "./reach";

/** The cluster that previews share: what they have to know to get in, each with rights of its own. */
export interface HostCluster {
  readonly resourceGroupName: string;
  readonly clusterName: string;
  /** Version of the mesh's controller. */
  readonly meshVersion: string;
  /** Of Istio: the revision that new pods join. */
  readonly meshRevision?: string;
  /** Of Istio: the tag that stands for it, where namespaces carry one. */
  readonly meshRevisionTag?: string;
}

/** What `aks-mesh preview up` says about the preview that it deploys, as the configuration key `preview`. */
export interface PreviewSettings {
  readonly pullRequest: number;
  /** The commit that runs, 40 hexadecimal digits. */
  readonly commit: string;
  /** Login of whoever opened the pull request. */
  readonly owner: string;
  /** When the reaper may remove it, ISO 8601 in UTC. */
  readonly expires: string;
  /** `shared`: namespaces in the cluster of `base`. `own`: a whole cluster. */
  readonly cluster: "shared" | "own";
  /** The stack whose cluster is shared. */
  readonly base: string;
  /** That cluster; absent where the preview has one of its own. */
  readonly host?: HostCluster;
  /** Images of the application, by the name of the program. */
  readonly images: Readonly<Record<string, string>>;
  /** What it may call of the shared workloads. */
  readonly reaches: readonly PreviewReach[];
}

/** The number in the name of a preview's stack, `pr-12`; undefined for any other stack. */
export function pullRequestOf(stack: string): number | undefined {
  const digits = /^pr-([1-9]\d{0,8})$/.exec(stack)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * The settings of a preview's stack; undefined for any other stack.
 *
 * @throws RunError where the stack is named like a preview's but was not set up as one.
 */
export function readPreviewSettings(stack: string, config: Config): PreviewSettings | undefined {
  const pullRequest = pullRequestOf(stack);
  if (pullRequest === undefined) return undefined;
  const settings = config.getObject<Partial<PreviewSettings>>("preview") ?? {};
  const { commit, owner, expires, cluster, base, host, images = {}, reaches = [] } = settings;
  if (
    settings.pullRequest !== pullRequest ||
    commit === undefined ||
    owner === undefined ||
    expires === undefined ||
    base === undefined ||
    (cluster !== "shared" && cluster !== "own") ||
    (cluster === "shared" && host === undefined)
  ) {
    throw new RunError(
      `Stack ${stack} is the preview of pull request ${pullRequest}: deploy it with \`npx aks-mesh preview up --pr ${pullRequest}\`.`,
    );
  }
  return { pullRequest, commit, owner, expires, cluster, base, ...(host && { host }), images, reaches };
}
