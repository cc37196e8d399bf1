import { table } from "../summary";
import { type Span, type Trace, type TracesApi } from "./query-api";

/** A span in its place. */
export interface ReportedSpan {
  /** How far below the request that began it. */
  readonly depth: number;
  readonly service: string;
  readonly operation: string;
  /** `client`, `server` or empty, as the sidecar says. */
  readonly side: string;
  /** Status of HTTP as text; empty without one. */
  readonly status: string;
  readonly milliseconds: number;
}

/** What Jaeger knows of the requests that sidecars told of. */
export interface TracesReport {
  /** Names of those that sent spans. */
  readonly services: readonly string[];
  /** Traces that were looked at: the newest of each service. */
  readonly traces: number;
  /** The spans of the one with the most services, in order. */
  readonly longest: readonly ReportedSpan[];
}

export async function tracesReport(api: TracesApi): Promise<TracesReport> {
  const services = [...(await api.services())].sort();
  const found = (await Promise.all(services.map((service) => api.tracesOf(service)))).flat();
  const traces = [...new Map(found.map((trace) => [trace.traceID, trace])).values()];
  const [longest] = [...traces].sort((a, b) => servicesIn(b) - servicesIn(a) || b.spans.length - a.spans.length);
  return { services, traces: traces.length, longest: longest === undefined ? [] : spansInOrder(longest) };
}

function servicesIn({ processes }: Trace): number {
  return new Set(Object.values(processes).map(({ serviceName }) => serviceName)).size;
}

/** Each span below its parent, in the order in which they began. One whose parent is not there begins a tree of its own. */
function spansInOrder({ spans, processes }: Trace): readonly ReportedSpan[] {
  const known = new Set(spans.map(({ spanID }) => spanID));
  const parentOf = ({ references }: Span) => references.find(({ spanID }) => known.has(spanID))?.spanID;
  const below = (parent: string | undefined, depth: number): readonly ReportedSpan[] =>
    spans
      .filter((span) => parentOf(span) === parent)
      .sort((a, b) => a.startTime - b.startTime)
      .flatMap((span) => [
        {
          depth,
          service: processes[span.processID]?.serviceName ?? "",
          operation: span.operationName,
          side: tag(span, "span.kind"),
          status: tag(span, "http.status_code"),
          milliseconds: span.duration / 1000,
        },
        ...below(span.spanID, depth + 1),
      ]);
  return below(undefined, 0);
}

function tag({ tags }: Span, name: string): string {
  const value = tags.find(({ key }) => key === name)?.value;
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** The report as a table for people. */
export function tracesTable({ services, traces, longest }: TracesReport): string {
  if (services.length === 0) return "No sidecar has sent spans.";
  const rows = longest.map(({ depth, service, operation, side, status, milliseconds }) => [
    `${"  ".repeat(depth)}${service}`,
    ...[side, operation, status, milliseconds.toFixed(1)],
  ]);
  return [
    `Spans of ${services.join(", ")} in ${traces} traces. The one through most of them:`,
    "",
    table([["SIDECAR OF", "SIDE", "OPERATION", "STATUS", "MS"], ...rows]),
  ].join("\n");
}
