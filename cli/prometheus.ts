import { type SeenCalls } from "../mesh";
import { isJsonObject } from "../mesh/manifests";
import { BadInput, UsageError } from "./usage-error";

/** Name of the environment variable with a token for the Prometheus that is asked: never an argument, which other users see. */
const tokenVariable = "PROMETHEUS_TOKEN";

/** Labels by which calls are told apart. */
const labels = "source_namespace, source_workload, destination_namespace, destination_service, destination_port";

/** One series of an answer: its labels and its value. */
interface Sample {
  readonly labels: Readonly<Record<string, unknown>>;
  readonly value: number;
}

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
  const ask = (metric: string, by: string) => query(address, `sum by (${by}) (max_over_time(${metric}[${since}])) > 0`);
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

async function query(address: string, text: string): Promise<readonly Sample[]> {
  const url = queryUrl(address);
  const token = process.env[tokenVariable];
  if (token !== undefined && url.protocol !== "https:" && !["localhost", "127.0.0.1", "[::1]"].includes(url.hostname)) {
    throw new UsageError(
      `${tokenVariable} is set and ${url.origin} is not https: the token would be sent in the clear.`,
    );
  }
  let answer: Response;
  try {
    answer = await fetch(url, {
      method: "POST",
      body: new URLSearchParams({ query: text }),
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      redirect: "error",
      signal: AbortSignal.timeout(60_000),
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new BadInput(`${url.origin} does not answer: ${cause instanceof Error ? cause.message : String(cause)}.`);
  }
  if (answer.status === 401 || answer.status === 403) {
    throw new BadInput(
      `${url.origin} answers ${answer.status}: set ${tokenVariable}. Of Azure: ` +
        "az account get-access-token --resource https://prometheus.monitor.azure.com --query accessToken -o tsv.",
    );
  }
  return samplesOf(url, answer.status, await answer.text());
}

function queryUrl(address: string): URL {
  try {
    const url = new URL(address);
    url.pathname = `${url.pathname.replace(/\/$/, "")}/api/v1/query`;
    if (url.protocol === "http:" || url.protocol === "https:") return url;
  } catch {
    // Said below.
  }
  throw new UsageError(`--prometheus takes an address such as http://localhost:9090, not ${JSON.stringify(address)}.`);
}

function samplesOf({ origin }: URL, status: number, text: string): readonly Sample[] {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new BadInput(`${origin} is no Prometheus: it answers ${status} with what is no JSON.`);
  }
  const data = isJsonObject(body) ? body["data"] : undefined;
  const result = isJsonObject(data) ? data["result"] : undefined;
  if (!Array.isArray(result)) {
    const said = isJsonObject(body) && typeof body["error"] === "string" ? body["error"] : `status ${status}`;
    throw new BadInput(`${origin} does not answer the query: ${said}.`);
  }
  return result.filter(isJsonObject).map(({ metric, value }) => ({
    labels: isJsonObject(metric) ? metric : {},
    value: Number(Array.isArray(value) ? value[1] : NaN),
  }));
}
