import { at, isPart, type Part, textAt } from "./inputs";

/** How much a rule's violation weighs unless a team says otherwise: `mandatory` ends the operation, `advisory` only tells. */
export type Level = "advisory" | "mandatory";

/** A cluster with all that belongs to it, as inputs of azure-native's resources. */
export interface Deployment {
  readonly cluster: Part;
  /** Pools of their own and inline ones. */
  readonly pools: readonly Part[];
  readonly diagnostics: readonly Part[];
  readonly windows: readonly Part[];
  /** Subnets of its nodes, where the same program makes them. */
  readonly subnets: readonly Part[];
  /** Names of the pools whose subnet is made elsewhere. */
  readonly foreignSubnets: readonly string[];
}

/** A rule cannot tell, and never will from what the program says. */
export class Undecidable extends Error {}

/** Values that a team may set for a rule; `undefined` where it has not. */
export type Settings = Readonly<Record<string, unknown>>;

/** A value that a team may set. */
export interface Setting {
  readonly type: "string" | "integer";
  readonly description: string;
  readonly default?: string | number;
}

/** What all rules say of themselves. */
interface About {
  /** Name of the policy, in lower case with hyphens. It never changes: teams' configuration has it. */
  readonly name: string;
  /** What holds where the rule does. */
  readonly title: string;
  /** Ids of PSRule for Azure (`AZR-…`) and checkov (`CKV…`), and the first part of those of Azure's built-in policies. */
  readonly ids: readonly string[];
  readonly level: Level;
  /** What to write, in azure-native's inputs. */
  readonly remedy: string;
  readonly settings?: Readonly<Record<string, Setting>>;
}

/**
 * A rule of the baseline. `problems` says what is wrong, in a clause such as "`enableRBAC` is not set", once for each place; nothing
 * where the rule holds. It reads no more than it must: one value that a preview does not know leaves the rule undecided.
 *
 * @throws NotKnownYet where it depends on a value that a preview does not know.
 * @throws Undecidable where only something outside of the program could tell.
 */
export type Rule = About &
  (
    | { readonly about: "cluster" | "pool"; readonly problems: (part: Part, settings: Settings) => readonly string[] }
    | { readonly about: "deployment"; readonly problems: (whole: Deployment, settings: Settings) => readonly string[] }
  );

/** A value as it is shown, after the path where it stands. */
export function shown(path: string, value: unknown): string {
  return `\`${path}\` is ${value === undefined ? "not set" : JSON.stringify(value)}`;
}

/** The problem of a property whose value does not pass. */
export function property(path: string, passes: (value: unknown, part: Part, settings: Settings) => boolean) {
  return (part: Part, settings: Settings): readonly string[] => {
    const value = at(part, path);
    return passes(value, part, settings) ? [] : [shown(path, value)];
  };
}

/** Passes `true` alone. */
export const isTrue = (value: unknown): boolean => value === true;

/** Passes everything but `true`. */
export const isNotTrue = (value: unknown): boolean => value !== true;

/** Passes some values. */
export const oneOf =
  (...allowed: readonly unknown[]) =>
  (value: unknown): boolean =>
    allowed.includes(value);

/** Passes texts that match. */
export const matches =
  (pattern: RegExp) =>
  (value: unknown): boolean =>
    typeof value === "string" && pattern.test(value);

/** A setting that is a text; undefined where it is empty. */
export function textSetting(settings: Settings, name: string): string | undefined {
  return textAt(settings, name) || undefined;
}

/** A setting that is a number. */
export function numberSetting(settings: Settings, name: string, otherwise: number): number {
  const value = at(settings, name);
  return typeof value === "number" ? value : otherwise;
}

/** Name of a pool, inline or of its own. */
export function poolName(pool: Part): string {
  return textAt(pool, "agentPoolName") ?? textAt(pool, "name") ?? "without a name";
}

/** Problems of a rule about pools, each with the pool's name, for all pools of a deployment. */
export function everyPool(pools: readonly unknown[], problems: (pool: Part) => readonly string[]): readonly string[] {
  return pools.filter(isPart).flatMap((pool) => problems(pool).map((problem) => `pool ${poolName(pool)}: ${problem}`));
}
