import { createHash } from "node:crypto";

import type * as containerservice from "@pulumi/azure-native/containerservice";
import { type Output, output } from "@pulumi/pulumi";

/**
 * The properties of a cluster that Azure fixes at creation, as paths of azure-native's arguments. A change to one of them
 * replaces the cluster.
 */
export const createOnlyPaths: readonly string[] = [
  "resourceGroupName",
  "resourceName",
  "location",
  "dnsPrefix",
  "fqdnSubdomain",
  "nodeResourceGroup",
  "diskEncryptionSetID",
  "linuxProfile",
  "windowsProfile",
  ...[
    "serviceCidr",
    "serviceCidrs",
    "dnsServiceIP",
    "networkMode",
    "networkPlugin",
    "networkPluginMode",
    "podCidr",
    "networkDataplane",
    "networkPolicy",
    "outboundType",
  ].map((key) => `networkProfile.${key}`),
];

/** Hashes of a cluster's arguments: of those that replace the cluster, and of all the others. */
export function hashes(args: containerservice.ManagedClusterArgs): {
  createOnlyHash: Output<string>;
  updateHash: Output<string>;
} {
  const parts = output(args).apply((plain) => split(plain));
  return {
    createOnlyHash: parts.apply(({ createOnly }) => hashOf(createOnly)),
    updateHash: parts.apply(({ others }) => hashOf(others)),
  };
}

/** Parts a cluster's arguments into those that replace it and the others. Names without regard to case and blanks. */
export function split(args: object): { createOnly: Record<string, unknown>; others: Record<string, unknown> } {
  const createOnly: Record<string, unknown> = {};
  const others: Record<string, unknown> = {};
  for (const [path, value] of leaves(args, "")) {
    const fixed = createOnlyPaths.find((candidate) => path === candidate || path.startsWith(`${candidate}.`));
    if (fixed === undefined) {
      others[path] = value;
    } else {
      createOnly[path] = fixed === "location" ? String(value).toLowerCase().replaceAll(" ", "") : value;
    }
  }
  return { createOnly, others };
}

function* leaves(value: unknown, path: string): Generator<[string, unknown]> {
  if (value === undefined) {
    return;
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    yield [path, value];
    return;
  }
  for (const [key, child] of Object.entries(value)) {
    yield* leaves(child, path === "" ? key : `${path}.${key}`);
  }
}

function hashOf(values: Record<string, unknown>): string {
  const sorted = Object.entries(values).sort(([left], [right]) => (left < right ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex").slice(0, 16);
}
