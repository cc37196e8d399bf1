/** A resource that is not as it was deployed. */
export interface Drift {
  readonly urn: string;
  /** `gone`: somebody removed it. */
  readonly kind: "changed" | "gone";
  /** Properties that differ, as far as they are known. */
  readonly properties: readonly string[];
}

/** Pulumi's answer cannot be read. */
export class DriftUnknown extends Error {
  override readonly name = "DriftUnknown";
}

/** What `pulumi refresh --preview-only --json` prints, as far as it is read. */
interface Refresh {
  readonly steps?: readonly {
    readonly op: string;
    readonly urn: string;
    readonly diffReasons?: readonly string[];
  }[];
}

/**
 * What somebody or something else has changed since the last deployment, from the output of
 * `pulumi refresh --preview-only --json`.
 *
 * `--expect-no-changes` would not do: azure-native reads every node pool of a cluster into the cluster's own
 * `agentPoolProfiles`, and so sees a change after each deployment. The pools are resources of their own, and compared as such.
 *
 * @throws {DriftUnknown} where the text is not that output.
 */
export function driftOf(output: string): readonly Drift[] {
  return stepsOf(output).flatMap(({ op, urn, diffReasons = [] }): readonly Drift[] => {
    if (op === "delete") return [{ urn, kind: "gone", properties: [] }];
    if (op !== "update") return [];
    const cluster = urn.split("::")[2]?.endsWith("azure-native:containerservice:ManagedCluster") === true;
    const properties = diffReasons.filter((name) => !(cluster && name === "agentPoolProfiles"));
    return cluster && properties.length === 0 ? [] : [{ urn, kind: "changed", properties }];
  });
}

function stepsOf(output: string): NonNullable<Refresh["steps"]> {
  let refresh: Refresh;
  try {
    refresh = JSON.parse(output) as Refresh;
  } catch {
    throw new DriftUnknown("pulumi refresh --json printed no JSON: is this Pulumi older than 3.230?");
  }
  if (refresh.steps !== undefined) return refresh.steps;
  throw new DriftUnknown("pulumi refresh --json printed no steps: is the stack empty?");
}
