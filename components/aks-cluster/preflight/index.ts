import { log } from "@pulumi/pulumi";

import { type ArmReader } from "../../arm/reader";
import { type AksClusterArgs } from "../args";
import { Mesh } from "../enums";
import { type ClusterSettings, withDefaults } from "../settings";
import { invalid, problemsOf } from "../validation";
import { type IstioPlan, istioPlan, mesh } from "./mesh";
import { type Findings, type Plan, type Question, regionName } from "./question";
import { quota } from "./quota";
import { ranges } from "./ranges";
import { references } from "./references";
import { regions } from "./regions";
import { replacements } from "./replacements";
import { versions } from "./versions";
import { vmSizes } from "./vm-sizes";

const questions: readonly Question[] = [regions, versions, vmSizes, quota, references, ranges, replacements, mesh];

/** Without an answer after so long, a line says what is waited for. */
const progressAfterSeconds = 2;

/** Time for all questions together, from the log-in on. A limit against hanging: usually it takes less than a second. */
const timeoutSeconds = 60;

/**
 * Asks Azure what only Azure knows of a cluster that is about to be made or changed: its region, version, sizes, quota, and
 * what it refers to. Values that are only known later are left out. A question that Azure does not answer is said in a line
 * and stops nothing.
 *
 * @param open Logs in; what it returns may be kept for other clusters of the same program.
 * @returns which revisions the Istio add-on gets; undefined for another mesh, and where Azure did not say.
 * @throws RunError that lists every setting that Azure would refuse, each with what to write instead.
 */
export async function askAzure(
  args: AksClusterArgs,
  open: (signal: AbortSignal) => Promise<ArmReader>,
  now: Date = new Date(),
): Promise<IstioPlan | undefined> {
  const settings = withDefaults(args);
  const { location } = settings;
  const wrong = problemsOf(settings);
  if (wrong.length > 0) throw invalid(settings, wrong);
  if (typeof location !== "string") return undefined;
  const signal = timeout();
  const waiting = setTimeout(
    // Ephemeral: it stands in the display for as long as it is true.
    () =>
      void log.info("Asking Azure about region, versions, VM sizes, quota and what runs …", undefined, undefined, true),
    progressAfterSeconds * 1000,
  );
  try {
    return await ask(settings, regionName(location), open, now, signal);
  } finally {
    clearTimeout(waiting);
  }
}

async function ask(
  settings: ClusterSettings,
  location: string,
  open: (signal: AbortSignal) => Promise<ArmReader>,
  now: Date,
  signal: AbortSignal,
): Promise<IstioPlan | undefined> {
  let azure: ArmReader;
  try {
    azure = await open(signal);
  } catch (error) {
    await log.info(`Azure cannot be asked, so settings are checked by their shapes alone: ${reason(error, signal)}`);
    return undefined;
  }
  const plan = { settings, location, azure, now };
  const { problems, notes, unanswered } = await findingsOf(plan, signal);
  if (unanswered.length > 0) {
    const [{ why }] = unanswered as [Unanswered];
    await log.info(`Not checked with Azure: ${unanswered.map(({ subject }) => subject).join(", ")}. ${why}`);
  }
  if (problems.length > 0) throw invalid(settings, problems);
  for (const note of notes ?? []) await log.info(note);
  const told = settings.mesh === Mesh.Istio && !unanswered.some(({ subject }) => subject === mesh.subject);
  return told ? istioPlan(plan) : undefined;
}

export { type IstioPlan } from "./mesh";

/** A question that Azure did not answer, and why. */
export interface Unanswered {
  readonly subject: string;
  readonly why: string;
}

/** What all questions found, asked at the same time. */
export async function findingsOf(
  plan: Plan,
  signal?: AbortSignal,
): Promise<Findings & { readonly unanswered: readonly Unanswered[] }> {
  const unanswered: Unanswered[] = [];
  const found = await Promise.all(
    questions.map(async ({ subject, ask }): Promise<Findings> => {
      try {
        return await ask(plan);
      } catch (error) {
        unanswered.push({ subject, why: reason(error, signal) });
        return { problems: [] };
      }
    }),
  );
  // Of a region that does not exist nothing else is worth saying.
  const wrongRegion = found[0]?.problems.filter(({ path }) => path === "location") ?? [];
  if (wrongRegion.length > 0) return { problems: wrongRegion, notes: [], unanswered: [] };
  return {
    problems: found.flatMap(({ problems }) => problems),
    notes: found.flatMap(({ notes }) => notes ?? []),
    unanswered,
  };
}

/** Aborted at the timeout. Counted in seconds that this program could have listened: time that it takes itself must not count against Azure. */
function timeout(): AbortSignal {
  const controller = new AbortController();
  const wait = (seconds: number): void => {
    if (seconds === 0) controller.abort();
    else setTimeout(wait, 1000, seconds - 1).unref();
  };
  wait(timeoutSeconds);
  return controller.signal;
}

function reason(error: unknown, signal: AbortSignal | undefined): string {
  if (signal?.aborted === true) return `There was no answer within ${timeoutSeconds} s.`;
  return error instanceof Error ? error.message : String(error);
}
