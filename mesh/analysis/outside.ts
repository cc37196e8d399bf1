import ipaddr from "ipaddr.js";
import { type SourceClass, sourceClasses } from "../cluster/source-ranges";
import { type Boundary, type Outsider, type ServicePort } from "./mesh";

const word = "outside";

/** Between a caller's name and that in its client certificate: `outside:10.0.0.0/8 as gateway.edge.cluster.local`. */
const showing = " as ";

/** Stands for every name in a client certificate of the mesh's authority that no object names (RFC 2606 keeps it free). */
const unnamedPrincipal = "unnamed.example";

/** A caller's name, and the one in the certificate that it shows. */
export function splitCaller(caller: string): { readonly who: string; readonly principal?: string } {
  const at = caller.indexOf(showing);
  return at < 0 ? { who: caller } : { who: caller.slice(0, at), principal: caller.slice(at + showing.length) };
}

/** A caller that shows a client certificate of the mesh's authority; undefined for none. */
export function callerShowing(who: string, principal: string | undefined): string {
  return principal === undefined ? who : `${who}${showing}${principal}`;
}

/** Whether a caller is not a service account but somebody outside of the mesh: `outside`, or `outside:` and where from. */
export function isOutside(caller: string): boolean {
  if (!caller.startsWith(word)) return false;
  const { who } = splitCaller(caller);
  return who === word || who.startsWith(`${word}:`);
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
  const place = placeOf(name);
  if (place !== undefined && ipaddr.IPv4.isValidFourPartDecimal(place)) return { kind: "outside", address: place };
  if (place !== undefined && !ipaddr.IPv4.isValidCIDR(place)) return undefined;
  const classes = sourceClasses(place === undefined ? ranges : [...ranges, place]);
  const inside = place === undefined ? undefined : ipaddr.IPv4.parseCIDR(place);
  // Narrower ranges may leave nothing of a range; and where objects name all addresses, those are what no other range has.
  const found =
    classes.find(({ range }) => range === place) ??
    classes.find(({ range, address }) =>
      inside === undefined ? range === "0.0.0.0/0" : ipaddr.IPv4.parse(address).match(inside),
    ) ??
    classes[0];
  return found && { kind: "outside", address: found.address };
}

function placeOf(name: string): string | undefined {
  return name === word ? undefined : name.slice(word.length + 1);
}

/** Callers outside by the addresses that are told apart. */
export interface OutsideClass {
  /** As a reader knows them. */
  readonly title: string;
  /** One of them, as it is asked for. */
  readonly from: string;
}

/**
 * Everybody outside, by the addresses that are told apart.
 *
 * @param within `outside` for all of them, or `outside:` and a place for those that have some address there: nobody for one of IPv6.
 */
export function outsideClasses(ranges: readonly string[], within = word): readonly OutsideClass[] {
  const place = placeOf(within);
  if (place !== undefined && ipaddr.IPv6.isValidCIDR(place)) return [];
  if (place !== undefined && !ipaddr.IPv4.isValidCIDR(place)) return [{ title: within, from: within }];
  const classes = sourceClasses(place === undefined ? ranges : [...ranges, place]);
  return classes
    .filter(({ address }) => place === undefined || ipaddr.IPv4.parse(address).match(ipaddr.IPv4.parseCIDR(place)))
    .map((one) => ({ title: outsideName(one), from: `${word}:${one.address}` }));
}

/** The certificates that make a difference to a port; none of them in plain text. */
export function principalsAt(
  { tls, service }: Pick<ServicePort, "tls" | "service">,
  { principals }: Pick<Boundary, "principals">,
): readonly (string | undefined)[] {
  return tls === undefined || service === "" ? [undefined] : [undefined, ...new Set([...principals, unnamedPrincipal])];
}

/** One address of each class that CIDRs divide a range into. */
export function addressesIn(range: string, ranges: readonly string[]): readonly string[] {
  return outsideClasses([...ranges, range], `${word}:${range}`).map(({ from }) => from.slice(word.length + 1));
}

/** Hosts outside: those that are addresses once for each class of addresses that CIDRs tell apart. */
export function hostsByRange(hosts: readonly ServicePort[], ranges: readonly string[]): readonly ServicePort[] {
  return hosts.flatMap((host) =>
    host.range === undefined
      ? [host]
      : addressesIn(host.range, ranges).map((address) => ({ ...host, name: address, host: address, hosts: [address] })),
  );
}
