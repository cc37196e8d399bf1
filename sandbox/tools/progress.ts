import type { ToolDefinition } from "./definitions";

/** How the builds go on, told as lines of text. */
export interface BuildProgress {
  started(tool: ToolDefinition): void;
  finished(tool: ToolDefinition): void;
  /** Ends the lines that come by time. */
  stop(): void;
}

/** Tells at the start, at each tool's end and every 15 seconds what is being built and how long it may still take. */
export function buildProgress(tools: readonly ToolDefinition[], report: (message: string) => void): BuildProgress {
  const start = Date.now();
  const running = new Set<string>();
  const done: ToolDefinition[] = [];
  const expected = sumSeconds(tools);
  let pace = 1;
  const line = () => {
    const elapsed = (Date.now() - start) / 1000;
    const soFar = `${done.length} of ${count(tools)} done after ${duration(elapsed)}`;
    // How far another process is, which builds what is left, is not known.
    if (running.size === 0) {
      report(`Waiting for another process: ${soFar}`);
      return;
    }
    // What has started and is not done yet after the time for it shows that the machine is slower than expected.
    const begun = sumSeconds(done) + sumSeconds(tools.filter(({ name }) => running.has(name)));
    const left = Math.max(expected * Math.max(pace, elapsed / Math.max(begun, 1)) - elapsed, 10);
    report(`Building ${[...running].join(", ")}: ${soFar}, about ${duration(left)} to go`);
  };
  report(
    `Building ${count(tools)} from source, which is done once: ${tools.map((tool) => tool.name).join(", ")}. ` +
      `About ${duration(expected)} on two free cores.`,
  );
  const timer = setInterval(line, 15_000);
  timer.unref();
  return {
    started: (tool) => void running.add(tool.name),
    finished: (tool) => {
      running.delete(tool.name);
      done.push(tool);
      const elapsed = (Date.now() - start) / 1000;
      pace = paceOf(elapsed, sumSeconds(done), sumSeconds(tools.filter(({ name }) => running.has(name))));
      if (done.length === tools.length) report(`Built ${count(tools)} in ${duration(elapsed)}.`);
    },
    stop: () => clearInterval(timer),
  };
}

/**
 * How much slower than expected the builds go: 1 is as expected. What is still running counts as half done.
 * @param elapsed seconds so far.
 * @param doneSeconds what the finished ones were expected to take.
 * @param runningSeconds what the running ones are expected to take.
 */
export function paceOf(elapsed: number, doneSeconds: number, runningSeconds: number): number {
  return Math.min(Math.max(elapsed / Math.max(doneSeconds + runningSeconds / 2, 1), 0.5), 5);
}

/** "45 s", "3 min 20 s". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

function count({ length }: readonly ToolDefinition[]): string {
  return length === 1 ? "1 tool" : `${length} tools`;
}

function sumSeconds(tools: readonly ToolDefinition[]): number {
  return tools.reduce((sum, tool) => sum + tool.seconds, 0);
}
