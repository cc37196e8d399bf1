import { IPv4, parseCIDR } from "ipaddr.js";

/** A range of IPv4 addresses: an address in it and the number of leading bits that all have in common. */
export type Range = readonly [IPv4, number];

/** The range that `10.0.0.0/16` names; undefined where a text names none. */
export function range(text: string | undefined): Range | undefined {
  try {
    const [base, bits] = parseCIDR(text ?? "");
    return base.kind() === "ipv4" ? [base as IPv4, bits] : undefined;
  } catch {
    return undefined;
  }
}

/** Whether two ranges have an address in common. */
export function overlap(left: Range, right: Range): boolean {
  const bits = Math.min(left[1], right[1]);
  return left[0].match(right[0], bits);
}

/** The first address of a range. */
export function firstOf([base, bits]: Range): string {
  return IPv4.networkAddressFromCIDR(`${base.toString()}/${bits}`).toString();
}
