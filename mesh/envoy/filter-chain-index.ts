import { type ChainMatch, type Connection, pickChain } from "./filter-chains";

/** A listener's chains, arranged so that a listener with thousands of them is searched in no time. */
export interface ChainIndex<C> {
  pick(connection: Connection): C | undefined;
}

/** Up to so many chains are searched one by one. */
const fewChains = 8;

/** Indexes chains by port and, where a chain names single addresses, by address: no range is more specific than that. */
export function indexChains<C extends { readonly match: ChainMatch }>(chains: readonly C[]): ChainIndex<C> {
  if (chains.length <= fewChains) return { pick: (connection) => pickChain(chains, connection) };
  const ports = new Map<number, { readonly single: Map<string, C[]>; readonly others: C[] }>();
  for (const chain of chains) {
    const { port, ips } = chain.match;
    let entry = ports.get(port);
    if (entry === undefined) ports.set(port, (entry = { single: new Map(), others: [] }));
    for (const ip of ips ?? []) {
      if (ip.includes("/")) continue;
      const list = entry.single.get(ip);
      if (list === undefined) entry.single.set(ip, [chain]);
      else list.push(chain);
    }
    if (ips === undefined || ips.length === 0 || ips.some((range) => range.includes("/"))) entry.others.push(chain);
  }
  return {
    pick(connection) {
      const entry = ports.get(connection.port);
      return entry && pickChain(entry.single.get(connection.ip) ?? entry.others, connection);
    },
  };
}
