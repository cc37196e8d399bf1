import { describe, expect, it, vi } from "vitest";
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

  it("says how long it may take of what it builds itself, and not of what another process builds", () => {
    vi.useFakeTimers();
    try {
      const lines: string[] = [];
      const [first, second] = toolDefinitions;
      if (first === undefined || second === undefined) expect.fail("there are two tools");
      const progress = buildProgress([first, second], (line) => lines.push(line));
      vi.advanceTimersByTime(15_000);
      expect(lines.at(-1)).toBe("Waiting for another process: 0 of 2 tools done after 15 s");
      progress.started(first);
      vi.advanceTimersByTime(15_000);
      expect(lines.at(-1)).toMatch(/^Building kubernetes: 0 of 2 tools done after 30 s, about \d+ min \d+ s to go$/);
      progress.stop();
    } finally {
      vi.useRealTimers();
    }
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
