import { type ChainMatch, type Connection, pickChain } from "./filter-chains";

/** A listener's chains, arranged so that a listener with thousands of them is searched in no time. */
export interface ChainIndex<C> {
  pick(connection: Connection): C | undefined;
}

/** Indexes chains by port and, where a chain names single addresses, by address: no range is more specific than that. */
export function indexChains<C extends { readonly match: ChainMatch }>(chains: readonly C[]): ChainIndex<C> {
  const ports = new Map<number, { readonly single: Map<string, C[]>; readonly others: C[] }>();
  for (const chain of chains) {
    const { port, ips } = chain.match;
    let entry = ports.get(port);
    if (entry === undefined) ports.set(port, (entry = { single: new Map(), others: [] }));
    for (const range of ips ?? []) {
      if (!range.endsWith("/32")) continue;
      const ip = range.slice(0, -3);
      const list = entry.single.get(ip);
      if (list === undefined) entry.single.set(ip, [chain]);
      else list.push(chain);
    }
    if (ips === undefined || ips.length === 0 || ips.some((range) => !range.endsWith("/32"))) entry.others.push(chain);
  }
  return {
    pick(connection) {
      const entry = ports.get(connection.port);
      return entry && pickChain(entry.single.get(connection.ip) ?? entry.others, connection);
    },
  };
}
