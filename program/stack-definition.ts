import { RunError } from "@pulumi/pulumi";
import { didYouMean } from "../mesh/manifests/near-names";
import { preview, stacks } from "../stacks";
import { type StackDefinition } from "./definition";
import { type PreviewSettings } from "./previews/settings";
import { type Settings } from "./settings";
import { withTracing } from "./tracing";

/** What only a company has, where it is set: its network, its keys, its people's addresses. */
function withSettings({ cluster, ...rest }: StackDefinition, settings: Settings): StackDefinition {
  const observability = observabilityOf(rest, settings);
  const { authorizedIpRanges, privateCluster, nodeSubnetId, diskEncryptionSetId, keyVaultKeyId } = settings;
  const stack: StackDefinition = {
    ...rest,
    observability,
    tracing: tracingOf(rest, settings),
    cluster: {
      ...cluster,
      monitoring: { ...cluster.monitoring, metrics: isByAzure(observability) },
      diskEncryptionSetId,
      apiServer: { ...cluster.apiServer, authorizedIpRanges: [...authorizedIpRanges], privateCluster },
      network: { ...cluster.network, nodeSubnetId },
      security: { ...cluster.security, kms: keyVaultKeyId === undefined ? undefined : { keyId: keyVaultKeyId } },
    },
  };
  return withTracing(stack, settings.mesh);
}

function tracingOf(
  { tracing }: Pick<StackDefinition, "tracing">,
  { tracing: set }: Settings,
): StackDefinition["tracing"] {
  if (set === undefined) return tracing;
  return set === "off" ? undefined : { ...tracing, collector: set };
}

function observabilityOf(
  { observability }: Pick<StackDefinition, "observability">,
  { metrics }: Settings,
): StackDefinition["observability"] {
  switch (metrics) {
    case undefined:
      return observability;
    case "off":
      return undefined;
    case "on":
      return observability ?? {};
    case "cluster":
      return { ...observability, prometheus: "cluster" };
  }
}

/** Whether the cluster needs Azure's agent for metrics. */
function isByAzure(observability: StackDefinition["observability"]): boolean {
  return observability !== undefined && observability.prometheus !== "cluster";
}

/**
 * The definition of a stack, with its settings in place. A preview runs the application of the stack that its pull request is meant
 * for, on that stack's cluster or one of its own.
 *
 * @throws RunError for a stack that nobody defined.
 */
export function stackDefinition(stack: string, previewed: PreviewSettings | undefined, settings: Settings) {
  const meant = previewed?.base ?? stack;
  const definition = Object.hasOwn(stacks, meant) ? stacks[meant] : undefined;
  if (definition !== undefined) {
    return withSettings(
      {
        ...definition,
        ...(previewed?.cluster === "own" && { ...preview.own, observability: undefined, tracing: undefined }),
      },
      settings,
    );
  }
  const known = Object.keys(stacks);
  const near = didYouMean(meant, known);
  throw new RunError(
    `No definition for the stack "${meant}". There are ${known.join(", ")}; ${near === undefined ? "" : `${near} Or `}` +
      "add one in stacks/ and name it in stacks/index.ts.",
  );
}
