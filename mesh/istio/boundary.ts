import { type Boundary, type ServicePort } from "../analysis/mesh";
import { calledRanges, callerRanges } from "../network-policies";
import { type IstioPlane } from "./plane";
import { servicePorts } from "./registry";

/** What policies and network policies tell apart of callers without a sidecar. */
export function boundary({ state, registry }: IstioPlane): Boundary {
  const { networkPolicies } = state;
  const blocks = state.authorizationPolicies.flatMap(({ rules }) =>
    rules.flatMap(({ from, when }) => [
      ...from.flatMap(({ ipBlocks = [], notIpBlocks = [], remoteIpBlocks = [], notRemoteIpBlocks = [] }) => [
        ...ipBlocks,
        ...notIpBlocks,
        ...remoteIpBlocks,
        ...notRemoteIpBlocks,
      ]),
      ...when.flatMap(({ key, values, notValues }) =>
        key === "source.ip" || key === "remote.ip" ? [...values, ...notValues] : [],
      ),
    ]),
  );
  const ranges = blocks.map((block) => (block.includes("/") ? block : `${block}/32`));
  return {
    ranges: [...new Set([...ranges, ...networkPolicies.flatMap(callerRanges)])],
    calledRanges: [...new Set(networkPolicies.flatMap(calledRanges))],
    principals: [],
    entrances: registry.hosts.flatMap((host) =>
      host.service === undefined ? [] : host.ports.flatMap((port) => servicePorts(host, port)),
    ),
  };
}

/** Stands for every host outside of the cluster that no object names (RFC 2606 keeps the name free). */
const anyHost = "outside.example";

/** Hosts outside of the cluster: those of ServiceEntries, and one that stands for all others. */
export function outsideHosts({ registry }: IstioPlane): readonly ServicePort[] {
  const found = registry.hosts.flatMap((host) =>
    host.service !== undefined || host.host.includes("*")
      ? []
      : host.ports.flatMap((port) => servicePorts(host, port)).filter(({ kind }) => kind !== undefined),
  );
  const others = [
    { port: 80, kind: "http" },
    { port: 443, kind: "tcp", tls: { serverName: anyHost } },
  ] as const;
  return [
    ...found,
    ...others.map((rest) => ({
      service: "",
      namespace: "",
      name: anyHost,
      host: anyHost,
      targetPort: rest.port,
      protocol: rest.kind,
      hosts: [anyHost],
      ...rest,
    })),
  ];
}
