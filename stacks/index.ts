import { RunError } from "@pulumi/pulumi";
import { type StackDefinition } from "./definition";
import { dev } from "./dev";
import { previewCluster } from "./preview-definition";
import { pullRequestOf } from "./preview-settings";
import { prod } from "./prod";
import { type Settings } from "./settings";
import { staging } from "./staging";

const definitions: Readonly<Record<string, StackDefinition>> = { dev, staging, prod };

/** What only a company has, where it is set: its network, its keys, its people's addresses. */
function withSettings({ cluster, ...rest }: StackDefinition, settings: Settings): StackDefinition {
  const { authorizedIpRanges, privateCluster, nodeSubnetId, diskEncryptionSetId, keyVaultKeyId } = settings;
  return {
    ...rest,
    cluster: {
      ...cluster,
      diskEncryptionSetId,
      apiServer: { ...cluster.apiServer, authorizedIpRanges: [...authorizedIpRanges], privateCluster },
      network: { ...cluster.network, nodeSubnetId },
      security: { ...cluster.security, kms: keyVaultKeyId === undefined ? undefined : { keyId: keyVaultKeyId } },
    },
  };
}

/** What a stack runs; undefined for a stack that nobody defined. */
export function bookstoreOf(stack: string): StackDefinition["bookstore"] | undefined {
  return definitions[stack]?.bookstore;
}

/** The definition of a stack, with its settings in place. */
export function stackDefinition(stack: string, settings: Settings): StackDefinition {
  const definition = pullRequestOf(stack) === undefined ? definitions[stack] : previewCluster;
  if (definition !== undefined) return withSettings(definition, settings);
  const known = Object.keys(definitions).join(", ");
  throw new RunError(
    `No definition for the stack "${stack}". There are ${known}; add one in stacks/ and name it in stacks/index.ts.`,
  );
}
