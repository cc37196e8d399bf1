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
    const subnets = members.filter(({ type }) => isSubnet(type));
    const linked = ({ dependsOn }: Member, property: string) =>
      subnets.filter(({ urn }) => dependsOn.get(property)?.includes(urn) === true);
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
        subnets: inputs([
          ...new Set([...linked(cluster, "agentPoolProfiles"), ...own.flatMap((pool) => linked(pool, "vnetSubnetID"))]),
        ]),
        get foreignSubnets() {
          const pools = own.filter((pool) => linked(pool, "vnetSubnetID").length === 0);
          const inline = linked(cluster, "agentPoolProfiles").length === 0 ? inlinePoolsBeside(own, cluster) : [];
          return [...inputs(pools), ...inline].filter((pool) => "vnetSubnetID" in pool).map(poolName);
        },
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
    const named = String(at(member.inputs, property)).toLowerCase();
    const name = String(at(cluster.inputs, "resourceName")).toLowerCase();
    if (property === "resourceUri") {
      const group = cluster.inputs["resourceGroupName"];
      const within = typeof group === "string" ? `/resourcegroups/${group.toLowerCase()}/` : "/";
      return named.includes(within) && named.endsWith(`/managedclusters/${name}`);
    }
    return named === name && !differ(member, cluster, "resourceGroupName");
  } catch (error) {
    if (error instanceof NotKnownYet) return property === "resourceName" && clusters.length === 1;
    throw error;
  }
}

/** Whether two resources have different texts for a property, both of them known. */
function differ(one: Member, other: Member, property: string): boolean {
  const [left, right] = [one.inputs[property], other.inputs[property]];
  return typeof left === "string" && typeof right === "string" && left.toLowerCase() !== right.toLowerCase();
}
