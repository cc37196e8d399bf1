import ipaddr from "ipaddr.js";
import { type SourceClass, sourceClasses } from "../cluster/source-ranges";
import { type Outsider } from "./mesh";

const word = "outside";

/** Whether a caller is not a service account but somebody outside of the mesh: `outside`, or `outside:` and where from. */
export function isOutside(caller: string): boolean {
  return caller === word || caller.startsWith(`${word}:`);
}

/** How callers of a class are named. */
export function outsideName({ range }: Pick<SourceClass, "range">): string {
  return range === undefined ? word : `${word}:${range}`;
}

/**
 * The caller that a name stands for, or undefined where it is no address and no range.
 *
 * @param ranges CIDRs that the objects tell apart: a range is asked for by an address in it that is in no narrower one.
 */
export function outsiderOf(name: string, ranges: readonly string[]): Outsider | undefined {
  const place = name === word ? undefined : name.slice(word.length + 1);
  if (place !== undefined && ipaddr.IPv4.isValidFourPartDecimal(place)) return { kind: "outside", address: place };
  if (place !== undefined && !ipaddr.IPv4.isValidCIDR(place)) return undefined;
  const classes = sourceClasses(place === undefined ? ranges : [...ranges, place]);
  const found = classes.find(({ range }) => range === place) ?? classes[0];
  return found && { kind: "outside", address: found.address };
}
