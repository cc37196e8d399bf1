import { type PolicyResource } from "@pulumi/policy";
import { at, type Deployment, inlinePools, NotKnownYet, type Part, poolName } from "../rules";
import { isCluster, isDiagnosticSetting, isPool, isSubnet, isWindow } from "./aks-types";
import { type Seen, seenAs } from "./seen";

/** A cluster of a stack with what belongs to it. */
export interface ClusterOfStack {
  readonly urn: string;
  readonly deployment: Deployment;
}

/** The pool that an AksCluster of aks-mesh starts with, and that is gone as soon as one of its own is ready. */
const passingPool = "bootstrap";

/** A resource of a stack with its inputs. */
interface Member extends Seen {
  readonly dependsOn: ReadonlyMap<string, readonly string[]>;
}

/** The clusters of a stack. What belongs to which is told by names and ids, and where a preview does not know them by dependencies. */
export function clustersOf(resources: readonly PolicyResource[]): readonly ClusterOfStack[] {
  const members = resources.flatMap(({ urn, propertyDependencies }): readonly Member[] => {
    const seen = seenAs(urn);
    if (seen === undefined) return [];
    const dependsOn = Object.entries(propertyDependencies).map(
      ([property, of]) => [property, of.map((resource) => resource.urn)] as const,
    );
    return [{ ...seen, dependsOn: new Map(dependsOn) }];
  });
  const clusters = members.filter(({ type }) => isCluster(type));
  return clusters.map((cluster) => {
    const of = (is: (type: string) => boolean, property: string) =>
      members.filter((member) => is(member.type) && belongsTo(member, property, cluster, clusters));
    const own = of(isPool, "resourceName");
    const subnetOf = (pool: Member) => pool.dependsOn.get("vnetSubnetID") ?? [];
    const subnets = members.filter(
      ({ type, urn }) => isSubnet(type) && own.some((pool) => subnetOf(pool).includes(urn)),
    );
    const inputs = (found: readonly Member[]) => found.map((member) => member.inputs);
    return {
      urn: cluster.urn,
      deployment: {
        cluster: cluster.inputs,
        get pools() {
          return [...inputs(own), ...inlinePoolsBeside(own, cluster)];
        },
        diagnostics: inputs(of(isDiagnosticSetting, "resourceUri")),
        windows: inputs(of(isWindow, "resourceName")),
        subnets: inputs(subnets),
        foreignSubnets: own
          .filter((pool) => "vnetSubnetID" in pool.inputs && !subnets.some(({ urn }) => subnetOf(pool).includes(urn)))
          .map((pool) => poolName(pool.inputs)),
      },
    };
  });
}

/**
 * Pools that stand in the cluster's own inputs. Where it has pools of their own too, those that a preview does not know are left out, as is
 * the one that goes with the first of its own.
 *
 * @throws NotKnownYet where it has no others.
 */
function inlinePoolsBeside(own: readonly Member[], { inputs }: Member): readonly Part[] {
  if (own.length === 0) return inlinePools(inputs);
  try {
    return inlinePools(inputs).filter((pool) => poolName(pool) !== passingPool);
  } catch (error) {
    if (error instanceof NotKnownYet) return [];
    throw error;
  }
}

/** Whether a resource names a cluster, by its name or its id in one of its properties. */
function belongsTo(member: Member, property: string, cluster: Member, clusters: readonly Member[]): boolean {
  if (member.dependsOn.get(property)?.includes(cluster.urn) === true) return true;
  try {
    const named = at(member.inputs, property);
    const name = at(cluster.inputs, "resourceName");
    if (typeof named !== "string" || typeof name !== "string") return false;
    return (
      named.toLowerCase() === name.toLowerCase() ||
      named.toLowerCase().endsWith(`/managedclusters/${name.toLowerCase()}`)
    );
  } catch (error) {
    if (error instanceof NotKnownYet) return property === "resourceName" && clusters.length === 1;
    throw error;
  }
}
