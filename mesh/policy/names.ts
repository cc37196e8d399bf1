import { type Policy, type PolicyService } from "./model";

/** A policy that a mesh cannot carry out as it is written. The message names the place and says what to write instead. */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
}

/** What the names in a policy stand for. In maps, because objects with thousands of keys are slow to look things up in. */
export interface Names {
  readonly services: ReadonlyMap<string, PolicyService>;
  /** By `group/route`. */
  readonly routes: ReadonlyMap<string, { readonly group: string; readonly route: string }>;
  /** Accounts that have a TCP port on any of their services, `namespace/name`. */
  readonly tcpAccounts: ReadonlySet<string>;
}

const knownNames = new WeakMap<Policy, Names>();

export function namesOf(policy: Policy): Names {
  let found = knownNames.get(policy);
  if (found === undefined) {
    const routes = Object.entries(policy.routes ?? {}).flatMap(([group, ofGroup]) =>
      Object.keys(ofGroup).map((route) => [`${group}/${route}`, { group, route }] as const),
    );
    const withTcp = Object.values(policy.services).filter(({ ports = [] }) =>
      ports.some(({ protocol }) => isTcpPort(protocol)),
    );
    found = {
      services: new Map(Object.entries(policy.services)),
      routes: new Map(routes),
      tcpAccounts: new Set(withTcp.map(({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}`)),
    };
    knownNames.set(policy, found);
  }
  return found;
}

/** Names that an error lists at most. */
const mostListed = 20;

/**
 * The service of a name.
 *
 * @param place where the policy names it, for the error.
 * @throws {PolicyError} where there is none.
 */
export function serviceOf(policy: Policy, name: string, place: string): PolicyService {
  const { services } = namesOf(policy);
  const service = services.get(name);
  if (service === undefined) {
    const known = [...services.keys()].slice(0, mostListed).join(", ");
    const more = services.size > mostListed ? ` and ${String(services.size - mostListed)} more` : "";
    throw new PolicyError(`${place}: there is no service ${name}. There are ${known}${more}.`);
  }
  return service;
}

/** Name of a service's Kubernetes Service. */
export function kubernetesName(policy: Policy, name: string): string {
  return policy.services[name]?.service ?? name;
}

/** Whether bare TCP reaches the port. */
export function isTcpPort(protocol: string): boolean {
  return protocol === "tcp" || protocol === "https";
}
