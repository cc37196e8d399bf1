import { type ArmReader } from "../../arm/reader";
import { type ClusterSettings } from "../settings";
import { type Problem } from "../validation";

/** What a question is asked about. */
export interface Plan {
  readonly settings: ClusterSettings;
  /** The region as Azure names it, `westeurope`. */
  readonly location: string;
  readonly azure: ArmReader;
  /** The day on which it is asked. */
  readonly now: Date;
}

/** What came of a question. */
export interface Findings {
  /** What Azure would refuse. */
  readonly problems: readonly Problem[];
  /** What a person should know beforehand. */
  readonly notes?: readonly string[];
}

/** One question to Azure about a plan. */
export interface Question {
  /** What it is about, for the sentence that it could not be asked. */
  readonly subject: string;
  /** @throws Error where Azure does not answer. */
  ask(plan: Plan): Promise<Findings>;
}

/** `West Europe` and `westeurope` are the same region. */
export function regionName(location: string): string {
  return location.replaceAll(" ", "").toLowerCase();
}

/** "a, b or c"; the last word is the caller's. */
export function listed(names: readonly string[], last: "and" | "or"): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} ${last} ${names.at(-1)}`;
}
