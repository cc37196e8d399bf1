import { RunError } from "@pulumi/pulumi";
import { isDnsLabel } from "../../mesh/manifests/names";
import { type NamespaceIsolationArgs } from "./args";

const quantity = /^\d+(\.\d+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/;

/** What a quota may count per container, and so needs a default for containers that say nothing. */
const counted = {
  "requests.cpu": "requests",
  "requests.memory": "requests",
  "limits.cpu": "limits",
  "limits.memory": "limits",
} as const;

/**
 * Checks the arguments of NamespaceIsolation.
 *
 * @throws RunError that names each property and what to write.
 */
export function assertNamespaceIsolationArgs({
  namespace,
  quota = {},
  containerDefaults,
  peers,
  reaches = [],
}: NamespaceIsolationArgs): void {
  const problems: string[] = [];
  if (!isDnsLabel(namespace)) problems.push(`namespace: "${namespace}" is no name of a namespace.`);
  for (const [resource, amount] of Object.entries(quota)) {
    if (!quantity.test(amount)) {
      problems.push(`quota["${resource}"]: "${amount}" is no quantity; write one such as 10, 500m or 2Gi.`);
    }
  }
  for (const [resource, kind] of Object.entries(counted)) {
    const measure = resource.endsWith("cpu") ? "cpu" : "memory";
    if (quota[resource] !== undefined && containerDefaults?.[kind]?.[measure] === undefined) {
      problems.push(
        `containerDefaults.${kind}.${measure}: the quota counts ${resource}, so that every container needs one, sidecars included; write e.g. ${measure === "cpu" ? "50m" : "128Mi"}.`,
      );
    }
  }
  for (const [kind, amounts] of Object.entries(containerDefaults ?? {})) {
    for (const [measure, amount] of Object.entries(amounts ?? {})) {
      if (typeof amount === "string" && !quantity.test(amount)) {
        problems.push(
          `containerDefaults.${kind}.${measure}: "${amount}" is no quantity; write one such as 50m or 128Mi.`,
        );
      }
    }
  }
  if (peers !== undefined && Object.keys(peers).length === 0) {
    problems.push("peers: without a label every namespace would be one; name at least one label.");
  }
  if (reaches.length > 0 && peers === undefined) {
    problems.push(
      "reaches: without peers the namespace may call everything already; name peers, or leave reaches out.",
    );
  }
  reaches.forEach(({ namespace: other, port }, index) => {
    if (!isDnsLabel(other)) problems.push(`reaches[${index}].namespace: "${other}" is no name of a namespace.`);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      problems.push(`reaches[${index}].port: ${port} is no port; write one from 1 to 65535.`);
    }
  });
  if (problems.length > 0) throw new RunError(problems.join("\n"));
}
