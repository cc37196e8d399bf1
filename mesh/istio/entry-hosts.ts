import { groupBy } from "../cluster/look-up";
import { createdOf, type Labels } from "../cluster/workloads";
import { type ServiceEntryPortState, type ServiceEntryState } from "./state/service-entries";

/** The ServiceEntries of one namespace that have a host. */
export interface HostEntries {
  /** In lower case. */
  readonly host: string;
  readonly namespace: string;
  /** The one that istiod takes first is the first of them. */
  readonly entries: readonly [ServiceEntryState, ...ServiceEntryState[]];
}

/**
 * Hosts of ServiceEntries, as istiod sorts them: the oldest first; of one age, as in files, by the host's name and then by its namespace
 * (pilot/pkg/model/push_context.go, SortServicesByCreationTime).
 */
export function entryHosts(all: readonly ServiceEntryState[]): readonly HostEntries[] {
  const named = all.flatMap((entry) =>
    [...new Set(entry.hosts.map((host) => host.toLowerCase()))].map((host) => ({ host, entry })),
  );
  return [...groupBy(named, ({ host, entry: { namespace } }) => `${namespace}/${host}`).values()]
    .flatMap(([first, ...others]): readonly HostEntries[] => {
      if (first === undefined) return [];
      const { host, entry } = first;
      return [{ host, namespace: entry.namespace, entries: [entry, ...others.map((other) => other.entry)] }];
    })
    .map((one) => ({ one, key: [createdOf(one.entries[0].object), one.host, one.namespace].join("\0") }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ one }) => one);
}

/** The ports of all of them: of several with a number those of the first. */
export function joinedPorts({ entries }: Pick<HostEntries, "entries">): readonly ServiceEntryPortState[] {
  const byNumber = new Map<number, ServiceEntryPortState>();
  for (const { ports } of entries)
    for (const port of ports) if (!byNumber.has(port.number)) byNumber.set(port.number, port);
  return [...byNumber.values()];
}

/**
 * In what two ServiceEntries of one host and namespace differ, so that istiod does not put their ports together but takes some of one and some of the other
 * (pilot/pkg/model/sidecar.go, canMergeServices). Undefined where all of both holds.
 */
export function differenceOf(one: ServiceEntryState, other: ServiceEntryState): string | undefined {
  if (one.resolution !== other.resolution) return "resolution";
  if (!isSameSet(one.exportTo, other.exportTo)) return "exportTo";
  if (!isSameSet(one.addresses, other.addresses)) return "addresses";
  if (!isSame(one.selector, other.selector)) return "workloadSelector";
  for (const port of one.ports) {
    const same = other.ports.find(({ number, name }) => number === port.number || name === port.name);
    if (same !== undefined && !isSamePort(port, same)) return `port ${String(port.number)}`;
  }
  const isWithin = (a: ServiceEntryState, b: ServiceEntryState): boolean =>
    a.ports.every(({ number }) => b.ports.some((port) => port.number === number));
  // Of the same ports nothing is to be put together.
  return isSame(one.labels, other.labels) || (isWithin(one, other) && isWithin(other, one)) ? undefined : "labels";
}

function isSamePort(one: ServiceEntryPortState, other: ServiceEntryPortState): boolean {
  return (
    one.number === other.number &&
    one.name === other.name &&
    one.protocol.toUpperCase() === other.protocol.toUpperCase() &&
    one.targetPort === other.targetPort
  );
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return JSON.stringify([...new Set(one)].sort()) === JSON.stringify([...new Set(other)].sort());
}

function isSame(one: Labels, other: Labels): boolean {
  return isSameSet(
    Object.entries(one).map((pair) => pair.join("=")),
    Object.entries(other).map((pair) => pair.join("=")),
  );
}
