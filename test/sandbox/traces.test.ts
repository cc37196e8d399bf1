import { expect, it } from "vitest";
import { type Span, type Trace } from "../../sandbox/traces/query-api";
import { tracesReport, tracesTable } from "../../sandbox/traces/report";

function span(spanID: string, parent: string | undefined, processID: string, startTime: number): Span {
  const references = parent === undefined ? [] : [{ refType: "CHILD_OF", spanID: parent }];
  const tags = [
    { key: "span.kind", value: "server" },
    { key: "http.status_code", value: 200 },
  ];
  return { spanID, operationName: "shop", processID, references, startTime, duration: 1500, tags };
}

const short: Trace = {
  traceID: "1",
  spans: [span("a", undefined, "p1", 1)],
  processes: { p1: { serviceName: "cart" } },
};
const long: Trace = {
  traceID: "2",
  spans: [span("d", "b", "p2", 4), span("c", "a", "p1", 3), span("b", "a", "p2", 2), span("a", "lost", "p1", 1)],
  processes: { p1: { serviceName: "cart" }, p2: { serviceName: "stock" } },
};

it("shows the trace of the most services as a tree, in the order of time", async () => {
  const traces = { cart: [short, long], stock: [long] };
  const report = await tracesReport({
    services: () => Promise.resolve(["stock", "cart"]),
    tracesOf: (service) => Promise.resolve(traces[service as keyof typeof traces]),
  });
  expect(report).toMatchObject({ services: ["cart", "stock"], traces: 2 });
  expect(report.longest.map(({ depth, service }) => `${depth} ${service}`)).toEqual([
    "0 cart",
    "1 stock",
    "2 stock",
    "1 cart",
  ]);
  expect(tracesTable(report)).toContain("    stock   server  shop       200     1.5");
});

it("says so where no sidecar has sent anything", async () => {
  const report = await tracesReport({ services: () => Promise.resolve([]), tracesOf: () => Promise.resolve([]) });
  expect(tracesTable(report)).toBe("No sidecar has sent spans.");
});
