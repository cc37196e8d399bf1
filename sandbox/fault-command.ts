import { parseArgs } from "node:util";
import { UserError } from "./progress";
import { type Sandbox } from "./sandbox";
import { table } from "./summary";

/** A fault as the emulator lists it. */
export interface Fault {
  readonly name: string;
  readonly count?: number;
  readonly match?: string;
  readonly seconds?: number;
}

/** The emulator's faults: those that are on, and what each that there is does. */
interface FaultList {
  readonly active: readonly Fault[];
  readonly available: Readonly<Record<string, string>>;
}

/** The faults that are on. */
export async function activeFaults({ emulator }: Sandbox): Promise<readonly Fault[]> {
  return ((await emulator.control("GET", "faults")) as FaultList).active;
}

/** How often each fault struck between two looks, a sentence each. Those without a count are not counted. */
export function struck(before: readonly Fault[], after: readonly Fault[]): readonly string[] {
  return before.flatMap(({ name, count }) => {
    const left = after.find((fault) => fault.name === name)?.count ?? 0;
    const times = (count ?? 0) - left;
    return times > 0 ? [`The fault ${name} struck ${times === 1 ? "once" : `${String(times)} times`}.`] : [];
  });
}

function wholeNumber(value: string | undefined, option: string): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isFinite(number) && number >= 0) return number;
  throw new UserError(`--${option} takes a number, not "${value}".`);
}

/**
 * `fault`: lists the faults that are on. `fault NAME [--count N] [--match TEXT] [--seconds S]`: switches one on, for the
 * next N requests whose "METHOD path" contains TEXT, or for S seconds. `fault clear`: all off.
 */
export async function faultCommand(sandbox: Sandbox, args: readonly string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { count: { type: "string" }, match: { type: "string" }, seconds: { type: "string" } },
  });
  const [name] = positionals;
  if (name === "clear") await sandbox.emulator.control("DELETE", "faults");
  else if (name !== undefined) {
    const { count, match, seconds } = values;
    const fault: Fault = {
      name,
      count: wholeNumber(count, "count"),
      match,
      seconds: wholeNumber(seconds, "seconds"),
    };
    await sandbox.emulator.control("POST", "faults", fault);
  }
  const { active, available } = (await sandbox.emulator.control("GET", "faults")) as FaultList;
  if (active.length === 0) {
    console.log("No fault is on. There are:");
    console.log(table(Object.entries(available)));
  } else {
    const rows = active.map((f) => [
      f.name,
      f.count?.toString() ?? "always",
      f.match ?? "everything",
      f.seconds?.toString() ?? "",
    ]);
    console.log(table([["FAULT", "COUNT", "MATCH", "SECONDS"], ...rows]));
  }
  return 0;
}
