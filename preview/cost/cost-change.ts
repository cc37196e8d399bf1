import { type CostChange, type CostPart } from "../report";
import { monthlyCost, type PriceOptions, regionOf, type StackResource } from "./monthly-cost";

/**
 * What a change of a stack does to its cost a month, by the resources whose cost it touches.
 *
 * @returns a difference of null as soon as one price is not known.
 */
export async function costChange(
  before: readonly StackResource[],
  after: readonly StackResource[],
  options: PriceOptions = {},
): Promise<CostChange> {
  const [old, now] = await Promise.all([
    monthlyCost(touched(before, after), { ...options, region: regionOf(before) ?? regionOf(after) }),
    monthlyCost(touched(after, before), { ...options, region: regionOf(after) ?? regionOf(before) }),
  ]);
  const names = [...new Set([...old.parts, ...now.parts].map(({ name }) => name))].sort();
  const parts = names
    .map((name) => ({ name, before: named(old.parts, name), after: named(now.parts, name) }))
    .filter(({ before: was, after: is }) => was?.what !== is?.what || was?.amount !== is?.amount)
    .map(({ name, before: was, after: is }) => ({ name, ...(was && { before: was }), ...(is && { after: is }) }));
  const difference = parts.reduce<number | null>((sum, { before: was, after: is }) => {
    const [less, more] = [was === undefined ? 0 : was.amount, is === undefined ? 0 : is.amount];
    return sum === null || less === null || more === null ? null : sum + more - less;
  }, 0);
  return { currency: now.currency, difference, parts };
}

/** The resources that are not the same on the other side: prices of the others need not be asked for. */
function touched(resources: readonly StackResource[], others: readonly StackResource[]): readonly StackResource[] {
  const known = new Map(others.map(({ urn, inputs }) => [urn, JSON.stringify(inputs)]));
  return resources.filter(({ urn, inputs }) => known.get(urn) !== JSON.stringify(inputs));
}

function named(parts: readonly CostPart[], wanted: string): Omit<CostPart, "name"> | undefined {
  const found = parts.find(({ name }) => name === wanted);
  return found && { what: found.what, amount: found.amount };
}
