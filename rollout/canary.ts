import { type CanaryAnalysis, type CanaryMetric } from "../mesh/flagger/kinds";
import { type MeshName } from "../mesh";
import { durationSeconds } from "../mesh/policy/duration";
import { errorPercentQuery, mostErrorPercent } from "./gate";
import { gateProblems, type RolloutGate } from "./rule";

/** What has to hold at each of Flagger's looks. `$since` in a query is the time since the look before. Too few requests to tell is no answer, which counts against the version. */
export type CanaryGate = Omit<RolloutGate, "minRequests">;

/** A service whose calls Flagger moves to each new version of its Deployment. */
export interface CanaryRule<Service extends string = string> {
  /** The service that callers name. */
  readonly service: Service;
  /** Name of the Deployment behind it, whose changes are new versions. Default: that of the Kubernetes Service. */
  readonly deployment?: string;
  /** When and how far, in the words of Flagger's own `analysis`. */
  readonly analysis: CanaryAnalysis;
  readonly gate?: CanaryGate;
  /** Flagger gives the service back with this run; the run after takes the entry out. Default: false. */
  readonly leaving?: boolean;
}

/** The least interval in seconds: Flagger takes ten seconds for less (pkg/apis/flagger/v1beta1/canary.go). */
const leastInterval = 10;

/** What is wrong with canaries, each with its place and what to write. */
export function canaryProblems(rules: readonly CanaryRule[]): readonly string[] {
  return rules.flatMap(({ analysis, gate = {} }, index) => {
    const place = `canaries[${String(index)}]`;
    return [...analysisProblems(`${place}.analysis`, analysis), ...gateProblems(`${place}.gate`, gate)];
  });
}

function analysisProblems(
  place: string,
  { interval, threshold, stepWeight, maxWeight, stepWeights }: CanaryAnalysis,
): readonly string[] {
  const found: string[] = [];
  if (!((durationSeconds(interval) ?? 0) >= leastInterval)) {
    found.push(`${place}.interval: "${interval}"; write a duration of at least ${String(leastInterval)}s, such as 1m.`);
  }
  if (!Number.isInteger(threshold) || threshold < 1) {
    found.push(`${place}.threshold: ${String(threshold)}; write how many looks may fail, an integer of 1 or more.`);
  }
  if (stepWeights !== undefined && (stepWeight !== undefined || maxWeight !== undefined)) {
    found.push(`${place}: stepWeights stand beside stepWeight or maxWeight; write the one or the others.`);
  } else if (stepWeights === undefined) {
    const weights = { stepWeight, maxWeight };
    for (const [property, weight] of Object.entries(weights)) {
      if (weight !== undefined && isShare(weight)) continue;
      found.push(`${place}.${property}: ${String(weight)}; write whole percent, 1 to 100.`);
    }
    if (stepWeight !== undefined && maxWeight !== undefined && stepWeight > maxWeight) {
      found.push(`${place}.maxWeight: ${String(maxWeight)} is less than one step, ${String(stepWeight)}; write more.`);
    }
  } else {
    if (stepWeights.length === 0 || !stepWeights.every(isShare)) {
      found.push(
        `${place}.stepWeights: ${JSON.stringify(stepWeights)}; write at least one, each in whole percent, 1 to 100: [5, 25, 50].`,
      );
    }
    stepWeights.forEach((step, at) => {
      const before = stepWeights[at - 1];
      if (before === undefined || step > before) return;
      found.push(
        `${place}.stepWeights[${String(at)}]: ${String(step)} follows ${String(before)}; a step is more than the one before.`,
      );
    });
  }
  return found;
}

function isShare(weight: number): boolean {
  return Number.isInteger(weight) && weight >= 1 && weight <= 100;
}

/** A gate as Flagger asks it: of the sidecars of the callers, since the look before. */
export function canaryMetrics(
  { errorPercent = mostErrorPercent, queries = [] }: CanaryGate,
  mesh: MeshName,
): readonly CanaryMetric[] {
  const since = "{{ interval }}";
  return [
    {
      name: "percent of requests that failed",
      query: errorPercentQuery({ mesh, canary: "{{ namespace }}/{{ service }}-canary" }, since),
      max: errorPercent,
    },
    ...queries.map(({ name, query, atLeast, atMost }) => ({
      name,
      query: query.replaceAll("$since", since),
      ...(atLeast !== undefined && { min: atLeast }),
      ...(atMost !== undefined && { max: atMost }),
    })),
  ];
}
