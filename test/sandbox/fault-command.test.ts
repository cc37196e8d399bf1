import { expect, it } from "vitest";
import { struck } from "../../sandbox/fault-command";

it("tells how often a fault struck from what is left of its count", () => {
  const throttle = { name: "throttle", count: 3 };
  expect(struck([throttle], [])).toEqual(["The fault throttle struck 3 times."]);
  expect(struck([throttle], [{ ...throttle, count: 2 }])).toEqual(["The fault throttle struck once."]);
  expect(struck([throttle], [throttle])).toEqual([]);
  // Nobody counts what strikes until it is switched off.
  expect(struck([{ name: "slow-operation" }], [{ name: "slow-operation" }])).toEqual([]);
});
