import { isJsonObject } from "../mesh/manifests";

/** One series of an answer: its labels and its value. */
export interface Sample {
  readonly labels: Readonly<Record<string, unknown>>;
  readonly value: number;
}

/** A Prometheus that was not asked, or did not answer. `isUsage`: as what was given to ask it with is wrong. */
export class PrometheusProblem extends Error {
  override readonly name = "PrometheusProblem";
  constructor(
    message: string,
    readonly isUsage = false,
  ) {
    super(message);
  }
}

/**
 * Asks a Prometheus.
 *
 * @param address such as `http://localhost:9090`, the address that `/api/v1/query` is below.
 * @param token for one that wants one, as Azure's does; it is sent over https and to this machine alone.
 * @param timeoutMs how long it may take.
 * @throws {PrometheusProblem}
 */
export async function queryPrometheus(
  address: string,
  text: string,
  { token, timeoutMs }: { readonly token: string | undefined; readonly timeoutMs: number },
): Promise<readonly Sample[]> {
  const url = queryUrl(address);
  if (token !== undefined && url.protocol !== "https:" && !["localhost", "127.0.0.1", "[::1]"].includes(url.hostname)) {
    throw new PrometheusProblem(
      `PROMETHEUS_TOKEN is set and ${url.origin} is not https: the token would be sent in the clear.`,
      true,
    );
  }
  let answer: Response;
  try {
    answer = await fetch(url, {
      method: "POST",
      body: new URLSearchParams({ query: text }),
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new PrometheusProblem(
      `${url.origin} does not answer: ${cause instanceof Error ? cause.message : String(cause)}.`,
    );
  }
  if (answer.status === 401 || answer.status === 403) {
    throw new PrometheusProblem(
      `${url.origin} answers ${String(answer.status)}: set PROMETHEUS_TOKEN. Of Azure: ` +
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
  throw new PrometheusProblem(
    `The address of a Prometheus is one such as http://localhost:9090, not ${JSON.stringify(address)}.`,
    true,
  );
}

function samplesOf({ origin }: URL, status: number, text: string): readonly Sample[] {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new PrometheusProblem(`${origin} is no Prometheus: it answers ${String(status)} with what is no JSON.`);
  }
  const data = isJsonObject(body) ? body["data"] : undefined;
  const result = isJsonObject(data) ? data["result"] : undefined;
  if (!Array.isArray(result)) {
    const said = isJsonObject(body) && typeof body["error"] === "string" ? body["error"] : `status ${String(status)}`;
    throw new PrometheusProblem(`${origin} does not answer the query: ${said}.`);
  }
  // A scalar is a time and a value.
  if (isJsonObject(data) && data["resultType"] === "scalar") return [{ labels: {}, value: Number(result[1]) }];
  return result.filter(isJsonObject).map(({ metric, value }) => ({
    labels: isJsonObject(metric) ? metric : {},
    value: Number(Array.isArray(value) ? value[1] : NaN),
  }));
}
