import { type SeenCalls } from "../mesh";
import { PrometheusProblem, queryPrometheus, type Sample } from "../rollout";
import { BadInput, UsageError } from "./usage-error";

/** Labels by which calls are told apart. */
const labels = "source_namespace, source_workload, destination_namespace, destination_service, destination_port";

/**
 * Asks a Prometheus what sidecars counted: the series that the recording rules of docs/observability.md make.
 *
 * @param since How far back is looked, as Prometheus writes durations.
 * @throws {UsageError} where the address or the duration is none, {@link BadInput} where no Prometheus answers, or not with what is asked for.
 */
export async function seenCalls(address: string, since: string): Promise<readonly SeenCalls[]> {
  if (!/^(\d+[smhdwy])+$/.test(since)) {
    throw new UsageError(`--since takes a duration such as 1h or 7d, not ${JSON.stringify(since)}.`);
  }
  const ask = (metric: string, by: string) =>
    askPrometheus(address, `sum by (${by}) (max_over_time(${metric}[${since}])) > 0`);
  const [requests, connections] = await Promise.all([
    ask("mesh:requests:rate2m", `${labels}, response_code`),
    ask("mesh:connections:rate2m", labels),
  ]);
  const pairs = new Map<string, SeenCalls & { readonly codes: Record<string, number>; connections: number }>();
  const pairOf = ({ labels: found }: Sample) => {
    const text = (name: string) => (typeof found[name] === "string" ? found[name] : "");
    const workload = `${text("source_namespace")}/${text("source_workload")}`;
    const service = `${text("destination_namespace")}/${text("destination_service")}`;
    const port = text("destination_port") === "" ? undefined : Number(text("destination_port"));
    const key = `${workload} ${service} ${String(port)}`;
    const known = pairs.get(key) ?? { workload, service, port, codes: {}, connections: 0 };
    pairs.set(key, known);
    return known;
  };
  for (const sample of requests) {
    const { codes } = pairOf(sample);
    const code = sample.labels["response_code"];
    if (typeof code === "string") codes[code] = (codes[code] ?? 0) + sample.value;
  }
  for (const sample of connections) pairOf(sample).connections += sample.value;
  return [...pairs.values()];
}

/**
 * Asks a Prometheus, with the token that the environment has for it.
 *
 * @throws {UsageError} where the address is none, {@link BadInput} where no Prometheus answers.
 */
export async function askPrometheus(address: string, text: string): Promise<readonly Sample[]> {
  try {
    return await queryPrometheus(address, text, { token: process.env["PROMETHEUS_TOKEN"], timeoutMs: 60_000 });
  } catch (error) {
    if (!(error instanceof PrometheusProblem)) throw error;
    throw error.isUsage ? new UsageError(error.message) : new BadInput(error.message);
  }
}
