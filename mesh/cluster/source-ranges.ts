import ipaddr from "ipaddr.js";

/** Addresses that the objects tell apart from all others, or what is left of them all. */
export interface SourceClass {
  /** The CIDR; undefined for all the addresses that are in none. */
  readonly range: string | undefined;
  /** One of them: what holds of it holds of every other. */
  readonly address: string;
}

interface Span {
  readonly range: string;
  readonly first: number;
  readonly last: number;
}

/** All of IPv4. */
const everything: Span = { range: "0.0.0.0/0", first: 0, last: 2 ** 32 - 1 };

/** Addresses for documentation (RFC 5737): shown where nothing says which, as they are nobody's. */
const nobodys: readonly string[] = ["192.0.2.1", "198.51.100.1", "203.0.113.1"];

/**
 * The classes of IPv4 addresses that CIDRs divide the world into. Two CIDRs either nest or have no address in common, so that
 * a class is a CIDR without those inside it. What is no IPv4 CIDR is left out.
 */
export function sourceClasses(ranges: Iterable<string>): readonly SourceClass[] {
  const spans = [...new Map([...ranges].flatMap(spanOf).map((span) => [span.range, span])).values()];
  const all = spans.some(({ range }) => range === everything.range) ? spans : [everything, ...spans];
  return all.flatMap((span): readonly SourceClass[] => {
    const inside = all.filter((other) => other !== span && other.first >= span.first && other.last <= span.last);
    const address = freeAddress(span, inside);
    const named = span.range !== everything.range || spans.includes(span);
    return address === undefined ? [] : [{ range: named ? span.range : undefined, address }];
  });
}

function spanOf(cidr: string): readonly Span[] {
  if (!ipaddr.IPv4.isValidCIDR(cidr)) return [];
  const [, bits] = ipaddr.IPv4.parseCIDR(cidr);
  const network = ipaddr.IPv4.networkAddressFromCIDR(cidr);
  const first = numberOf(network);
  return [{ range: `${network.toString()}/${String(bits)}`, first, last: first + 2 ** (32 - bits) - 1 }];
}

function numberOf(address: ipaddr.IPv4): number {
  return address.toByteArray().reduce((sum, byte) => sum * 256 + byte, 0);
}

function textOf(number: number): string {
  return [24, 16, 8, 0].map((shift) => String(Math.floor(number / 2 ** shift) % 256)).join(".");
}

/** An address of a span that is in none of the spans inside it. */
function freeAddress({ first, last }: Span, inside: readonly Span[]): string | undefined {
  const isFree = (number: number): boolean =>
    number >= first && number <= last && inside.every((other) => number < other.first || number > other.last);
  const shown = nobodys.find((address) => isFree(numberOf(ipaddr.IPv4.parse(address))));
  if (shown !== undefined) return shown;
  // The first free one begins the span or follows one of those inside.
  const candidates = [first, ...inside.map((other) => other.last + 1)].sort((a, b) => a - b);
  const found = candidates.find(isFree);
  return found === undefined ? undefined : textOf(found);
}
