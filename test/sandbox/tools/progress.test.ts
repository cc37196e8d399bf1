import { describe, expect, it } from "vitest";
import { toolDefinitions } from "../../../sandbox/tools/definitions";
import { buildProgress, duration, paceOf } from "../../../sandbox/tools/progress";

describe("build progress", () => {
  it("tells what is built, and that it is done", () => {
    const lines: string[] = [];
    const tools = toolDefinitions.slice(0, 2);
    const progress = buildProgress(tools, (line) => lines.push(line));
    for (const tool of tools) progress.started(tool);
    for (const tool of tools) progress.finished(tool);
    progress.stop();
    expect(lines[0]).toMatch(/^Building 2 tools from source, which is done once: kubernetes, pulumi\. About \d+ min/);
    expect(lines.at(-1)).toMatch(/^Built 2 tools in 0 s/);
  });

  it("takes the pace from what is done", () => {
    expect(paceOf(100, 80, 40)).toBe(1);
    expect(paceOf(200, 80, 40)).toBe(2);
    expect(paceOf(10_000, 10, 0)).toBe(5);
  });

  it("writes durations for people", () => {
    expect([duration(45.4), duration(60), duration(200)]).toEqual(["45 s", "1 min 0 s", "3 min 20 s"]);
  });
});
