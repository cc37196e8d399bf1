import { expect, test } from "vitest";
import { nanoseconds } from "../../../../mesh/istio/admission/durations";

test.each([
  ["1.5h", 5_400_000_000_000n],
  ["-1.001s", -1_001_000_000n],
  ["+.5us", 500n],
  ["3µs4μs", 7000n],
  ["0.9ns", 0n],
  ["-9223372036854775808ns", -(2n ** 63n)],
  ["9223372036854775808ns", undefined],
  ["5", undefined],
  [".s", undefined],
])("%s is so many nanoseconds", (text, expected) => {
  expect(nanoseconds(text)).toBe(expected);
});
