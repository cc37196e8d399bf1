import { describe, expect, it } from "vitest";
import { watchTable } from "../../../sandbox/traffic/migration-watch";

describe("the table of a watched move", () => {
  const pair = "bookthief → bookstore.bookstore:14001";

  it("has what callers saw in a second of each part, and says where no call ended", () => {
    const table = watchTable([
      { title: "before", seconds: 10, ends: { [pair]: { refused: 200 } } },
      { title: "[2/8] off", seconds: 0.4, ends: { [pair]: { refused: 1 } } },
      { title: "[4/8] on", seconds: 20, ends: {} },
      { title: "after", seconds: 5, ends: { [pair]: { "200": 50, reset: 5 } } },
    ]);
    expect(table.split("\n")).toEqual([
      ...["before (10 s)", `    ${pair}  refused 20.0/s`],
      ...["[4/8] on (20 s)", `    ${pair}  no call ended`],
      ...["after (5 s)", `    ${pair}  200 10.0/s, reset 1.0/s`],
    ]);
  });
});
