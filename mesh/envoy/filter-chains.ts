import ipaddr from "ipaddr.js";

/** What a connection looks like to a listener. */
export interface Connection {
  readonly ip: string;
  readonly port: number;
  readonly sourceIp: string;
  /** TLS server name; undefined for plain text. */
  readonly serverName?: string;
  /** TLS application protocol, or what Envoy's HTTP inspector found. */
  readonly applicationProtocol?: string;
}

/** When a filter chain takes a connection. Absent parts match anything. */
export interface ChainMatch {
  readonly port: number;
  /** CIDRs, or single addresses. */
  readonly ips?: readonly string[];
  readonly serverNames?: readonly string[];
  readonly tls?: boolean;
  readonly applicationProtocols?: readonly string[];
  /** CIDRs. */
  readonly sourceIps?: readonly string[];
}

/** Whether an address lies in a CIDR. What cannot be read matches nothing. */
export function inRange(ip: string, cidr: string): boolean {
  if (cidr === `${ip}/32`) return true;
  if (!ipaddr.isValidCIDR(cidr) || !ipaddr.isValid(ip)) return false;
  const [range, bits] = ipaddr.parseCIDR(cidr);
  const address = ipaddr.parse(ip);
  return address.kind() === range.kind() && address.match(range, bits);
}

/** OSM writes every address as a range of 32 bits. */
const singleAddress = 32;

/** Length of the longest of the ranges that holds the address, or undefined. No ranges hold every address, with length −1. */
function longestPrefix(ip: string, ranges: readonly string[] | undefined): number | undefined {
  if (ranges === undefined || ranges.length === 0) return -1;
  let longest: number | undefined;
  for (const range of ranges) {
    const slash = range.indexOf("/");
    if (slash < 0) {
      if (range === ip) return singleAddress;
    } else if (inRange(ip, range)) longest = Math.max(longest ?? 0, Number(range.slice(slash + 1)));
  }
  return longest;
}

/**
 * The chain that Envoy picks: criterion by criterion the most specific, without going back when a later criterion then
 * fails (destination port, destination address, server name, transport protocol, application protocol, source address).
 */
export function pickChain<C extends { readonly match: ChainMatch }>(
  chains: readonly C[],
  connection: Connection,
): C | undefined {
  let left = chains.filter(({ match }) => match.port === connection.port);
  left = mostSpecificPrefix(left, connection.ip, (match) => match.ips);
  if (left.length === 1) return left.find(({ match }) => takes(match, connection));
  left = byServerName(left, connection.serverName ?? "");
  left = exactOrAny(
    left,
    (match) => (match.tls === undefined ? undefined : [match.tls]),
    connection.serverName !== undefined,
  );
  left = exactOrAny(left, (match) => match.applicationProtocols, connection.applicationProtocol);
  left = mostSpecificPrefix(left, connection.sourceIp, (match) => match.sourceIps);
  return left[0];
}

/** Whether a chain that is the only one left takes the connection: nothing can be more specific than it. */
function takes(match: ChainMatch, { serverName, applicationProtocol, sourceIp }: Connection): boolean {
  const { serverNames = [], applicationProtocols = [], sourceIps = [] } = match;
  if (serverNames.length > 0 && !serverNames.some((name) => names(name, serverName ?? ""))) return false;
  if (match.tls !== undefined && match.tls !== (serverName !== undefined)) return false;
  if (applicationProtocols.length > 0 && !applicationProtocols.some((one) => one === applicationProtocol)) return false;
  return sourceIps.length === 0 || longestPrefix(sourceIp, sourceIps) !== undefined;
}

/** Whether a chain's server name, which may begin with `*.`, stands for a connection's. */
function names(pattern: string, serverName: string): boolean {
  return pattern.startsWith("*.") ? serverName.endsWith(pattern.slice(1)) : pattern === serverName && serverName !== "";
}

function mostSpecificPrefix<C extends { readonly match: ChainMatch }>(
  chains: readonly C[],
  ip: string,
  rangesOf: (match: ChainMatch) => readonly string[] | undefined,
): C[] {
  let best = -2;
  let found: C[] = [];
  for (const chain of chains) {
    const length = longestPrefix(ip, rangesOf(chain.match));
    if (length === undefined || length < best) continue;
    if (length > best) found = [];
    best = length;
    found.push(chain);
  }
  return found;
}

function byServerName<C extends { readonly match: ChainMatch }>(chains: readonly C[], serverName: string): C[] {
  const named = (name: string): C[] => chains.filter(({ match }) => match.serverNames?.includes(name) === true);
  if (serverName !== "") {
    const exact = named(serverName);
    if (exact.length > 0) return exact;
    for (let dot = serverName.indexOf("."); dot >= 0; dot = serverName.indexOf(".", dot + 1)) {
      const wildcard = named(`*${serverName.slice(dot)}`);
      if (wildcard.length > 0) return wildcard;
    }
  }
  return chains.filter(({ match }) => match.serverNames === undefined || match.serverNames.length === 0);
}

function exactOrAny<C extends { readonly match: ChainMatch }, V>(
  chains: readonly C[],
  valuesOf: (match: ChainMatch) => readonly V[] | undefined,
  value: V | undefined,
): C[] {
  const exact = chains.filter(({ match }) => value !== undefined && valuesOf(match)?.includes(value) === true);
  if (exact.length > 0) return exact;
  return chains.filter(({ match }) => (valuesOf(match) ?? []).length === 0);
}

/** Whether Envoy refuses the listener: two of its chains take the same connections. Names the first pair. */
export function clashingChains<C extends { readonly match: ChainMatch }>(
  chains: readonly C[],
): readonly [C, C] | undefined {
  if (chains.length < 2) return undefined;
  const byPort = new Map<number, C[]>();
  for (const chain of chains) {
    const onPort = byPort.get(chain.match.port);
    if (onPort === undefined) byPort.set(chain.match.port, [chain]);
    else onPort.push(chain);
  }
  for (const onPort of byPort.values()) {
    const clash = onPort.length < 2 || haveOwnAddress(onPort) ? undefined : clashOnPort(onPort);
    if (clash !== undefined) return clash;
  }
  return undefined;
}

/** Whether every chain names one address, which no other names: by far the most usual. */
function haveOwnAddress(chains: readonly { readonly match: ChainMatch }[]): boolean {
  const seen = new Set<string>();
  for (const { match } of chains) {
    const [ip] = match.ips ?? [];
    if (ip === undefined || match.ips?.length !== 1 || match.serverNames || match.sourceIps) return false;
    seen.add(ip);
  }
  return seen.size === chains.length;
}

function clashOnPort<C extends { readonly match: ChainMatch }>(chains: readonly C[]): readonly [C, C] | undefined {
  const leaves = new Map<string, C>();
  const orAny = <V>(values: readonly V[] | undefined): readonly (V | "")[] =>
    values === undefined || values.length === 0 ? [""] : values;
  for (const chain of chains) {
    const { match } = chain;
    for (const ip of orAny(match.ips)) {
      for (const serverName of orAny(match.serverNames)) {
        for (const protocol of orAny(match.applicationProtocols)) {
          for (const source of orAny(match.sourceIps)) {
            const leaf = [ip, serverName, match.tls ?? "", protocol, source].join("|");
            const other = leaves.get(leaf);
            if (other !== undefined) return [other, chain];
            leaves.set(leaf, chain);
          }
        }
      }
    }
  }
  return undefined;
}
