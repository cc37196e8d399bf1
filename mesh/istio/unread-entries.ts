import { describeObject } from "../manifests";
import { isExclusion } from "./calls/scope";
import { differenceOf, entryHosts, type HostEntries } from "./entry-hosts";
import { type IstioState } from "./state/cluster";
import { type NotFollowed } from "./not-followed";
import { selectsWorkloads, type ServiceEntryState } from "./state/service-entries";
import { type SidecarState } from "./state/sidecars";

/**
 * ServiceEntries whose endpoints are whatever has their labels; those that are not put together with another of their host and namespace; and Sidecars that name
 * hosts one by one of which there are several: their pods are told of the first alone (pilot/pkg/model/sidecar.go, servicesForExactHosts).
 */
export function unreadEntries({ serviceEntries, sidecars, rootNamespace }: IstioState): readonly NotFollowed[] {
  const joined = entryHosts(serviceEntries).filter(({ entries }) => entries.length > 1);
  const ofSidecars = sidecars.flatMap((sidecar): readonly NotFollowed[] => {
    const named = joined.find((one) => isNamedAlone(sidecar, one));
    if (named === undefined) return [];
    const { object, namespace } = sidecar;
    const [first, second] = named.entries;
    return [
      {
        object,
        namespace: namespace === rootNamespace ? undefined : namespace,
        layer: "sidecar",
        rule: "entries-of-one-host",
        why: `It names hosts one by one, ${named.host} too, which ${describeObject(first.object)} and ${describeObject(second?.object ?? first.object)} have: its pods are told of one of them alone, which is not followed.`,
        remedy: `Write all ports of ${named.host} into one ServiceEntry.`,
      },
    ];
  });
  return [...serviceEntries.filter(selectsWorkloads).map(selecting), ...joined.flatMap(conflictsOf), ...ofSidecars];
}

function selecting({ object, namespace, hosts }: ServiceEntryState): NotFollowed {
  return {
    object,
    namespace,
    layer: "sidecar",
    rule: "entry-selects-workloads",
    why: `The pods and WorkloadEntries that the workloadSelector of ${describeObject(object)} selects answer for ${hosts.join(", ")}, and read their ports as it says: which they are is not followed.`,
    remedy: "Let a Service select the pods.",
  };
}

function conflictsOf({ host, entries: [first, ...others] }: HostEntries): readonly NotFollowed[] {
  return others.flatMap((other): readonly NotFollowed[] => {
    const difference = differenceOf(first, other);
    if (difference === undefined) return [];
    return [
      {
        object: other.object,
        namespace: undefined,
        layer: "sidecar",
        rule: "entries-of-one-host",
        why: `${describeObject(first.object)} has ${host} too, and they differ in ${difference}: istiod puts their ports not together, and takes parts of each, which is not followed.`,
        remedy: `Write the ports of ${host} into one ServiceEntry, or ${difference} in both alike.`,
      },
    ];
  });
}

/** Whether a listener of a Sidecar takes in hosts of named namespaces by their whole names alone, and this one among them. */
function isNamedAlone({ namespace, egress }: SidecarState, entries: HostEntries): boolean {
  return egress.some(({ hosts }) => {
    const taken = hosts.filter((host) => !isExclusion(host)).map((host) => host.split("/"));
    return (
      taken.every(([space = "", name = ""]) => space !== "*" && !name.startsWith("*")) &&
      taken.some(
        ([space, name = ""]) =>
          (space === "." ? namespace : space) === entries.namespace && name.toLowerCase() === entries.host,
      )
    );
  });
}
