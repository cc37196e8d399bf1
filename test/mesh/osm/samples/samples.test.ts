import { describe, expect, test } from "vitest";
import { admit, findingText } from "../../../../mesh/osm/admission";
import { bookstorePolicies, canaryRollout, samples } from ".";

describe("samples", () => {
  test.each(samples.map((sample) => [sample.name, sample] as const))("%s passes the checks", (_, sample) => {
    const { findings } = admit(sample.objects, {
      namespaces: sample.namespaces,
      services: sample.services,
      retryPolicy: true,
    });
    expect(findings.filter(({ severity }) => severity === "error").map(findingText)).toEqual([]);
  });

  test("have names of their own", () => {
    expect(new Set(samples.map(({ name }) => name)).size).toBe(samples.length);
  });

  test("the rollout goes over all three stages without a finding", () => {
    for (const canary of [
      { v1: 100, v2: 0 },
      { v1: 50, v2: 50 },
      { v1: 0, v2: 100 },
    ]) {
      const { objects, namespaces, services } = canaryRollout(canary);
      expect(admit(objects, { namespaces, services }).findings).toEqual([]);
    }
  });
});

describe("bookstore policies", () => {
  test("let bookthief in only where a stack says so", () => {
    expect(JSON.stringify(bookstorePolicies())).not.toContain("bookthief");
    const sources = bookstorePolicies({ bookthief: "allowed" })
      .filter((object) => object.kind === "TrafficTarget")
      .filter((object) => object.spec.sources.some(({ name }) => name === "bookthief"))
      .map((object) => object.spec.destination.name);
    expect(sources).toEqual(["bookstore", "bookstore-v2"]);
  });
});
