import { describe, expect, test } from "vitest";
import { parser } from "@prometheus-io/lezer-promql";
import { askGate, type RolloutGate, sharesQuery } from "../../rollout";

const place = { mesh: "osm", canary: "shop/cart-v2", seconds: 431.9 } as const;

/** Asks a gate of a Prometheus that counted so many requests, so many of which failed. */
async function asked(gate: RolloutGate, requests?: number, failed?: number, other?: number) {
  const queries: string[] = [];
  const answer = await askGate(gate, place, (query) => {
    queries.push(query);
    if (query.startsWith("other")) return Promise.resolve(other);
    return Promise.resolve(query.includes('"5.."') ? failed : requests);
  });
  return { ...answer, queries };
}

describe("a gate", () => {
  test("holds up to its share of errors, and fails above", async () => {
    const most = await asked({}, 200, 2);
    expect(most).toMatchObject({ kind: "holds", text: "2 of 200 requests failed in 431s (1.0 %), at most 1 % may" });
    expect((await asked({}, 200, 3)).kind).toBe("fails");
    expect((await asked({ errorPercent: 5 }, 200, 3)).kind).toBe("holds");
    expect((await asked({ errorPercent: 0 }, 200, 1)).kind).toBe("fails");
    expect((await asked({}, 200)).kind).toBe("holds");
  });

  test("cannot tell from few requests, or from none", async () => {
    expect(await asked({}, 99, 99)).toMatchObject({
      kind: "unknown",
      text: expect.stringContaining("it takes 100 to tell"),
    });
    expect((await asked({ minRequests: 10 }, 99, 0)).kind).toBe("holds");
    expect((await asked({}, undefined, undefined)).kind).toBe("unknown");
  });

  test("cannot tell where nobody answers, and says what was wrong", async () => {
    const answer = await askGate({}, place, () => Promise.reject(new Error("http://p does not answer")));
    expect(answer).toEqual({ kind: "unknown", text: "http://p does not answer" });
  });

  test("asks for what else it was given, of the same time", async () => {
    const gate = { queries: [{ name: "p99, ms", query: "other[$since]", atMost: 250, atLeast: 1 }] };
    const answer = await asked(gate, 200, 0, 250);
    expect(answer.kind).toBe("holds");
    expect(answer.text).toContain("p99, ms is 250, at most 250 and at least 1");
    expect(answer.queries).toContain("other[431s]");
    expect((await asked(gate, 200, 0, 250.1)).kind).toBe("fails");
    expect((await asked(gate, 200, 0, 0.5)).kind).toBe("fails");
    expect(await asked(gate, 200, 0)).toMatchObject({ kind: "unknown", text: "p99, ms: no answer" });
    expect((await asked(gate, 200, 0, NaN)).kind).toBe("unknown");
    // One that fails is not hidden by one that gives no answer.
    const both = { queries: [...gate.queries, { name: "none", query: "others", atMost: 0 }] };
    expect((await asked(both, 200, 0, 300)).kind).toBe("fails");
  });

  test("never looks back to before its step", async () => {
    const queries: string[] = [];
    await askGate({}, { ...place, seconds: 7.9 }, (query) => {
      queries.push(query);
      return Promise.resolve(undefined);
    });
    expect(queries.join()).toMatch(/\[7s\]/);
    expect(queries.join()).not.toMatch(/\[(?!7s)/);
  });
});

test.each(["osm", "istio"] as const)("queries of %s are PromQL", async (mesh) => {
  const queries: string[] = [sharesQuery("shop", ["cart-v1", "cart-v2"], 60)];
  await askGate({}, { ...place, mesh }, (query) => {
    queries.push(query);
    return Promise.resolve(1000);
  });
  expect(queries).toHaveLength(3);
  for (const query of queries) expect(parser.configure({ strict: true }).parse(query).length).toBe(query.length);
  expect(
    queries.every((query) => query.includes('destination_service="cart-v2"') || query.includes('=~"cart-v1|cart-v2"')),
  ).toBe(true);
  expect(queries.slice(1).every((query) => query.includes("istio_requests_total"))).toBe(mesh === "istio");
});
