import { expect, it } from "vitest";

import { freePrefix } from "../../../sandbox/control-plane/static-egress-gateway";

it("gives prefixes that overlap no other", () => {
  expect(freePrefix(31, [])).toBe("192.0.2.0/31");
  expect(freePrefix(31, ["192.0.2.0/31"])).toBe("192.0.2.2/31");
  expect(freePrefix(28, ["192.0.2.2/31"])).toBe("192.0.2.16/28");
  expect(freePrefix(31, ["192.0.2.0/28"])).toBe("192.0.2.16/31");
  const all = Array.from({ length: 16 }, (_, index) => `192.0.2.${index * 16}/28`);
  expect(() => freePrefix(31, all)).toThrow(/no 2 public addresses left/);
});
