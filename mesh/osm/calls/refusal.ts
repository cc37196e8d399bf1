import { type End } from "../../analysis/call-tree";
import { resolveHost } from "../../cluster/dns";
import { nearNames } from "../../manifests/near-names";
import { type Reason } from "../../request/request";
import { type ControlPlane } from "../control-plane";
import { chainKind } from "../proxy/outbound";
import { voidBecause } from "../proxy/egress-policies";
import { ignoredBecause } from "../proxy/targets";
import { accountOfIdentity, type ClusterState, keyOf, type ServiceState } from "../state";
import { type Client, type Target } from "./client";
import { describe } from "./reasons";

/** A connection that the caller's sidecar does not know. What is behind it is looked for when somebody asks. */
export function refusal(mesh: ControlPlane, client: Client, target: Target): End {
  return {
    kind: "end",
    outcome: "refused",
    get because() {
      const text = `no TrafficTarget lets ${client.account} reach ${target.host}:${String(target.port)}`;
      return [
        { text },
        ...(target.service === undefined
          ? [...ofName(mesh, client, target), ...voidEgresses(mesh, client, target)]
          : ofService(mesh, client, target, target.service)),
        ...ofCaller(mesh, client),
      ];
    },
  };
}

/** A name that no Service has. */
export function unknownHost({ services }: ClusterState, namespace: string, host: string): readonly Reason[] {
  return [{ text: `no Service has the name ${host}${didYouMean(nearHosts(services, namespace, host))}` }];
}

function nearHosts(services: ClusterState["services"], namespace: string, host: string): readonly string[] {
  const [first = "", second, ...rest] = host.split(".");
  const key = keyOf(second ?? namespace, first);
  return nearNames(key, services.keys()).map((near) => {
    const [space = "", name = ""] = near.split("/");
    return second === undefined && space === namespace ? name : [name, space, ...rest].join(".");
  });
}

/** Where a name that is none of the cluster's resembles one. */
function ofName({ state }: ControlPlane, { key }: Client, { host }: Target): readonly Reason[] {
  const [namespace = ""] = key.split("/");
  if (resolveHost(state, namespace, host).kind !== "outside") return [];
  const near = nearHosts(state.services, namespace, host);
  return near.length === 0 ? [] : [{ text: `no Service has the name ${host}${didYouMean(near)}` }];
}

/** Egress objects that name the caller and the port, and of which OSM makes nothing. */
function voidEgresses({ state }: ControlPlane, { key }: Client, { host, port }: Target): readonly Reason[] {
  return state.egresses.flatMap((policy): readonly Reason[] => {
    const { sources, ports, hosts } = policy;
    const isMeant =
      sources.some((source) => source.key === key) &&
      ports.some((one) => one.number === port) &&
      (hosts.length === 0 || hosts.includes(host));
    if (!isMeant) return [];
    const fault = state.switches.egressPolicy ? voidBecause(state, policy) : "the MeshConfig turns Egress objects off";
    if (fault === undefined) return [];
    return [{ ...describe(policy), text: `OSM ignores Egress ${keyOf(policy.namespace, policy.name)}: ${fault}` }];
  });
}

function ofService(mesh: ControlPlane, client: Client, { port }: Target, service: ServiceState): readonly Reason[] {
  const { state, catalog } = mesh;
  const key = keyOf(service.namespace, service.name);
  const ports = catalog.meshServicesOf(service);
  const meant = ports.find((one) => one.port === port);
  if (meant === undefined) {
    const known = service.ports.map((one) => String(one.port)).join(", ");
    return [{ text: `Service ${key} has no port ${String(port)}, but ${known === "" ? "none at all" : known}` }];
  }
  if (chainKind(meant.protocol) === undefined) {
    return [
      {
        text: `OSM makes no listener for the appProtocol ${JSON.stringify(meant.protocol)} of port ${String(port)} of Service ${key}`,
      },
    ];
  }
  const accounts = new Set(Array.from(catalog.identitiesOfService(service), accountOfIdentity));
  if (accounts.size === 0) {
    const splits = catalog.splitsOfRoot(meant).map(describe);
    return [{ text: `the selector of Service ${key} matches no pod, so that no caller's sidecar knows it` }, ...splits];
  }
  return state.targets.flatMap((target): readonly Reason[] => {
    if (!accounts.has(target.destination.key) || target.sources.every((source) => source.key !== client.key)) return [];
    const ignored = ignoredBecause(target, state);
    return ignored === undefined
      ? []
      : [
          {
            ...describe(target),
            text: `OSM ignores TrafficTarget ${keyOf(target.namespace, target.name)}: ${ignored}`,
          },
        ];
  });
}

/** A caller that nothing runs as. */
function ofCaller({ state }: ControlPlane, { key, pods }: Client): readonly Reason[] {
  if (pods.length > 0 || state.podsAssumed || state.accounts.has(key)) return [];
  const accounts = new Set([...state.accounts, ...state.pods.map((pod) => keyOf(pod.namespace, pod.serviceAccount))]);
  return [{ text: `no pod of the manifests runs as ${key}${didYouMean(nearNames(key, accounts))}` }];
}

function didYouMean(names: readonly string[]): string {
  return names.length === 0 ? "" : `; did you mean ${names.join(" or ")}?`;
}
