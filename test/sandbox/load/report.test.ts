import { describe, expect, it } from "vitest";
import { loadReport, type LoadResult } from "../../../sandbox/load/report";
import { loadStatisticsPattern, sidecarCounts } from "../../../sandbox/load/statistics";
import { loadTable } from "../../../sandbox/load/table";

const none = sidecarCounts({}, [], []);

describe("what sidecars count", () => {
  const osm = "cluster.shop/cart|80";
  const istio = "cluster.outbound|80|v1|cart.shop.svc.cluster.local;";

  it.each([osm, istio, "cluster.outbound|80||cart.shop.svc.cluster.local"])("of the Service alone: %s", (cluster) => {
    const counts = {
      [`${cluster}.upstream_rq_pending_overflow`]: 1,
      [`${cluster}.upstream_rq_active_overflow`]: 10,
      [`${cluster}.upstream_cx_overflow`]: 2,
      [`${cluster}.upstream_rq_retry`]: 3,
      [`${cluster}.upstream_rq_retry_overflow`]: 4,
      [`${cluster}.upstream_rq_timeout`]: 5,
      [`${cluster}.upstream_rq_per_try_timeout`]: 6,
      [`${cluster}.outlier_detection.ejections_enforced_total`]: 7,
    };
    for (const name of Object.keys(counts)) expect(name).toMatch(new RegExp(loadStatisticsPattern));
    const other = Object.fromEntries(
      Object.entries(counts).map(([name, value]) => [name.replace("cart", "stock"), value * 100]),
    );
    expect(sidecarCounts({ ...counts, ...other }, [], ["shop/cart"])).toEqual({
      ...none,
      ...{
        overflowedRequests: 11,
        overflowedConnections: 2,
        retried: 3,
        overflowedRetries: 4,
        timedOut: 11,
        ejected: 7,
      },
    });
  });

  it("of rates the called ones, requests apart from connections", () => {
    const limited = {
      "http_local_rate_limiter.http_local_rate_limit.rate_limited": 3,
      "local_rate_limit.inbound_shop/cart_80_tcp.rate_limited": 5,
    };
    for (const name of Object.keys(limited)) expect(name).toMatch(new RegExp(loadStatisticsPattern));
    expect(sidecarCounts(limited, [], ["shop/cart"])).toEqual(none);
    expect(sidecarCounts({}, [limited, limited], [])).toEqual({ ...none, limitedRequests: 6, limitedConnections: 10 });
  });
});

const rate = {
  ...{
    limit: "requestRate",
    value: "10 per second and 5 more at once, then 429",
    service: "shop/cart",
    by: "X shop/cart",
  },
  bucket: { amount: 10, seconds: 1, burst: 5 },
};
const result: LoadResult = {
  asked: {
    ...{ caller: "shop/front", to: "cart.shop:80", request: "GET /", requests: 100, concurrency: 20 },
    perSecond: undefined,
  },
  progress: { ends: { "200": 20, "204": 5, "503": 60, "429": 10, refused: 5 }, seconds: 2.5, done: true },
  ...{ interrupted: false, sidecars: none, configured: [], answering: 2 },
};

describe("the report", () => {
  it("counts what passed, and what rates let pass: a full bucket and what comes to it, in each pod", () => {
    expect(loadReport(result)).toMatchObject({ passed: 25 });
    expect(loadReport(result)).not.toHaveProperty("byRate");
    expect(loadReport({ ...result, configured: [rate] }).byRate).toEqual({ atOnce: 30, most: 90 });
    const wide = { ...rate, bucket: { amount: 1000, seconds: 3600, burst: 0 } };
    expect(loadReport({ ...result, configured: [wide, rate], answering: 1 }).byRate).toEqual({ atOnce: 15, most: 45 });
  });

  it("is a table that tells the 503 of a full circuit breaker from others, with what is configured", () => {
    const breakers = [
      { limit: "maxRequests", value: "5", service: "shop/cart", by: "X shop/cart" },
      { limit: "maxPendingRequests", value: "4", service: "shop/cart", by: "X shop/cart" },
    ];
    const sidecars = { ...none, overflowedRequests: 55, limitedRequests: 10, retried: 1 };
    const latency = { p50: 1.25, p90: 2, p99: 3, max: 4 };
    const configured = [...breakers, rate, { limit: "retries", value: "2, of Istio's own", service: "shop/cart" }];
    const progress = { ...result.progress, latency };
    const lines = loadTable(loadReport({ ...result, progress, sidecars, configured })).split("\n");
    expect(lines).toEqual([
      "100 calls of shop/front to cart.shop:80 GET /, 20 at a time: 2.5 s, 40 a second",
      "",
      "END                     CALLS",
      "503                     60     60.0 %",
      "  circuit breaker full  55",
      "  for another reason    5",
      "200                     20     20.0 %",
      "429                     10     10.0 %",
      "204                     5      5.0 %",
      "refused                 5      5.0 %",
      "",
      "Calls that passed took  p50 1.3 ms   p90 2.0 ms   p99 3.0 ms   max 4.0 ms",
      "",
      "COUNTED BY THE SIDECARS      CONFIGURED",
      "over a rate of requests  10  requestRate 10 per second and 5 more at once, then 429 (X shop/cart)",
      "circuit breaker full     55  maxRequests 5 (X shop/cart)",
      "                             maxPendingRequests 4 (X shop/cart)",
      "tried again              1   retries 2, of Istio's own (shop/cart)",
      "",
      "The rate lets 30 pass at once and 90 in this time at most; 25 passed.",
    ]);
  });

  it("says what was counted and nobody configured, that nothing held a call, and that Ctrl-C ended it", () => {
    expect(loadTable(loadReport(result))).toContain("No limit is configured, and the sidecars held no call.");
    expect(loadTable(loadReport({ ...result, sidecars: { ...none, ejected: 2 } }))).toMatch(
      /^pods left out +2 +nothing$/m,
    );
    const ended = { ...result, interrupted: true, asked: { ...result.asked, requests: 500, perSecond: 40 } };
    expect(loadTable(loadReport(ended)).split("\n").slice(0, 2)).toEqual([
      "100 calls of shop/front to cart.shop:80 GET /, 20 at a time, 40 begun in a second: 2.5 s, 40 a second",
      "Ended by Ctrl-C: 500 were asked for.",
    ]);
  });
});
