/** One series of an answer: its labels and its newest value. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** An alert that is on, or about to be. */
export interface ActiveAlert {
  readonly name: string;
  readonly state: "pending" | "firing";
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
}

/** A rule as Prometheus says that it does with it. */
export interface RuleHealth {
  readonly name: string;
  readonly health: "ok" | "err" | "unknown";
  readonly problem: string | undefined;
}

/** Who is asked for metrics, and how that goes. */
export interface Target {
  readonly job: string;
  readonly address: string;
  readonly health: "up" | "down" | "unknown";
  readonly problem: string;
}

/** The few questions to a Prometheus that the sandbox has. */
export interface PrometheusApi {
  /** @throws Error with what Prometheus says of a query that it does not take. */
  query(query: string): Promise<readonly Sample[]>;
  alerts(): Promise<readonly ActiveAlert[]>;
  rules(): Promise<readonly RuleHealth[]>;
  targets(): Promise<readonly Target[]>;
}

/** @param address Such as `http://127.0.0.1:9090`. */
export function prometheusApi(address: string): PrometheusApi {
  const ask = async <T>(path: string, form: Readonly<Record<string, string>> = {}): Promise<T> => {
    const url = new URL(`/api/v1/${path}`, address);
    url.search = new URLSearchParams(form).toString();
    const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    const { status, data, error } = (await answer.json()) as { status: string; data: T; error?: string };
    if (status !== "success") throw new Error(`Prometheus: ${error ?? String(answer.status)}`);
    return data;
  };
  return {
    async query(query) {
      const { resultType, result } = await ask<
        | { resultType: "vector"; result: { metric: Record<string, string>; value: [number, string] }[] }
        | { resultType: "scalar"; result: [number, string] }
      >("query", { query });
      return resultType === "scalar"
        ? [{ metric: {}, value: Number(result[1]) }]
        : result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
    },
    async alerts() {
      const { alerts } = await ask<{
        alerts: { state: "pending" | "firing"; labels: Record<string, string>; annotations: Record<string, string> }[];
      }>("alerts");
      return alerts.map(({ state, labels, annotations }) => ({
        name: labels["alertname"] ?? "",
        state,
        labels,
        summary: annotations["summary"] ?? "",
      }));
    },
    async rules() {
      const { groups } = await ask<{
        groups: { rules: { name: string; health: RuleHealth["health"]; lastError?: string }[] }[];
      }>("rules");
      return groups.flatMap(({ rules }) =>
        rules.map(({ name, health, lastError }) => ({ name, health, problem: lastError })),
      );
    },
    async targets() {
      const { activeTargets } = await ask<{
        activeTargets: {
          labels: Record<string, string>;
          scrapeUrl: string;
          health: Target["health"];
          lastError: string;
        }[];
      }>("targets", { state: "active" });
      return activeTargets.map(({ labels, scrapeUrl, health, lastError }) => ({
        job: labels["job"] ?? "",
        address: scrapeUrl,
        health,
        problem: lastError,
      }));
    },
  };
}
