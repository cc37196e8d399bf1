import { isIstioGateway } from "./istio-pod";
import { type ClusterObjects, type Pod } from "./objects";
import { type OutsideCall } from "./outside";

/** A host outside of the cluster that a ServiceEntry names, and where it is here. */
export interface OutsideHost {
  readonly host: string;
  readonly address: string;
  /** Its ports of HTTP. */
  readonly ports: readonly number[];
}

/** Addresses of such hosts: a range for documentation, whose first is that of callers from outside. */
const prefix = "198.51.100.";
const firstHost = 10;
const mostHosts = 200;

/** Most calls that are made to such hosts at a time. */
const mostCalls = 16;

/** The hosts that ServiceEntries have resolved by DNS, as far as they take plain HTTP. */
export function outsideHosts({ serviceEntries }: ClusterObjects): readonly OutsideHost[] {
  const ports = new Map<string, Set<number>>();
  for (const { spec } of serviceEntries) {
    const numbers = (spec.ports ?? []).flatMap(({ number, protocol }) => (/^http2?$/i.test(protocol) ? [number] : []));
    if (spec.resolution !== "DNS" || numbers.length === 0) continue;
    for (const host of spec.hosts.filter((one) => !one.includes("*"))) {
      const known = ports.get(host) ?? new Set();
      for (const number of numbers) known.add(number);
      ports.set(host, known);
    }
  }
  return [...ports]
    .sort(([a], [b]) => a.localeCompare(b))
    .slice(0, mostHosts)
    .map(([host, numbers], index) => ({ host, address: `${prefix}${firstHost + index}`, ports: [...numbers] }));
}

/** A call to each such host by one pod of each account that runs. */
export function toOutsideHosts(objects: ClusterObjects, running: readonly Pod[]): readonly OutsideCall[] {
  const callers = new Map(
    running
      .filter((pod) => !isIstioGateway(pod))
      .map((pod) => [`${pod.metadata.namespace}/${pod.spec.serviceAccountName ?? "default"}`, pod.metadata.uid]),
  );
  const calls = outsideHosts(objects).flatMap(({ host, address, ports }) =>
    ports.flatMap((port) =>
      [...callers].map(([from, by]): OutsideCall => {
        const call = { protocol: "http", method: "GET", path: "/", host } as const;
        return { asked: { ...call, from, to: `${host}:${port}` }, made: { ...call, to: `${address}:${port}` }, by };
      }),
    ),
  );
  return calls.slice(0, mostCalls);
}
