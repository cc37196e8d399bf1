/** A span as Jaeger's HTTP API gives it, as far as it is read. */
export interface Span {
  readonly spanID: string;
  readonly operationName: string;
  /** Of its process, in {@link Trace.processes}. */
  readonly processID: string;
  readonly references: readonly { readonly refType: string; readonly spanID: string }[];
  /** Microseconds since 1970. */
  readonly startTime: number;
  /** Microseconds. */
  readonly duration: number;
  readonly tags: readonly { readonly key: string; readonly value: unknown }[];
}

/** What one request brought about. */
export interface Trace {
  readonly traceID: string;
  readonly spans: readonly Span[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

/** Jaeger's queries, see jaegertracing.io/docs/2.13/architecture/apis. */
export interface TracesApi {
  /** Names of those that sent spans. */
  services(): Promise<readonly string[]>;
  /** The newest traces with a span of a service. */
  tracesOf(service: string): Promise<readonly Trace[]>;
}

/** @param address of Jaeger's query service. */
export function tracesApi(address: string): TracesApi {
  const ask = async <T>(path: string): Promise<readonly T[]> => {
    const answer = await fetch(`${address}/api/${path}`, { signal: AbortSignal.timeout(10_000) });
    if (!answer.ok) throw new Error(`Jaeger answers ${answer.status} to ${path}: ${await answer.text()}`);
    const { data } = (await answer.json()) as { readonly data: readonly T[] | null };
    return data ?? [];
  };
  return {
    services: () => ask("services"),
    tracesOf: (service) => ask(`traces?service=${encodeURIComponent(service)}&limit=200&lookback=1h`),
  };
}
