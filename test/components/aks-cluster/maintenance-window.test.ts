import { expect, it } from "vitest";

import { type MaintenanceWindowArgs } from "../../../components/aks-cluster";
import { windowIsOpen } from "../../../components/aks-cluster/maintenance-window";

const window: MaintenanceWindowArgs = { dayOfWeek: "Sunday", startTime: "22:00", durationHours: 8 };

it.each([
  ["Sunday before it opens", "2026-11-29T21:59:00Z", {}, false],
  ["Sunday when it opens", "2026-11-29T22:00:00Z", {}, true],
  ["into the next week", "2026-11-30T05:59:00Z", {}, true],
  ["Monday when it has closed", "2026-11-30T06:00:00Z", {}, false],
  ["earlier where the clock is ahead of UTC", "2026-11-29T20:30:00Z", { utcOffset: "+02:00" }, true],
  ["later where it is behind", "2026-11-29T22:30:00Z", { utcOffset: "-02:30" }, false],
])("a window: %s", (_, now, change, open) => {
  expect(windowIsOpen({ ...window, ...change }, new Date(now))).toBe(open);
});
