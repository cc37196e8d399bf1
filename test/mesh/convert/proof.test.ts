import { describe, expect, it } from "vitest";
import { isOfOneService } from "../../../mesh/convert/proof";

describe("shares of a Service", () => {
  const verdict = (backends: Readonly<Record<string, number>>) => ({
    ...({ outcome: "allowed", status: 200, because: [] } as const),
    backends,
  });
  const same = (before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>) =>
    isOfOneService({ kind: "shares", before: verdict(before), after: verdict(after) });

  it("are the same for the pods of a StatefulSet, and others where a split changes", () => {
    expect(same({ "shop/cache-0.cache": 0.5, "shop/cache-1.cache": 0.5 }, { "shop/cache": 1 })).toBe(true);
    expect(same({ "shop/v1": 0.5, "shop/v2": 0.5 }, { "shop/v1": 0.9, "shop/v2": 0.1 })).toBe(false);
    expect(same({ "shop/cache-0.cache": 1 }, { "shop/other": 1 })).toBe(false);
  });
});
