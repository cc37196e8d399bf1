import { RunError } from "@pulumi/pulumi";
import { Kiali } from "../components/kiali";
import { type Observability } from "../components/observability";
import { type StackDefinition } from "./definition";
import { type MeshCluster } from "./mesh-cluster";
import { type Settings } from "./settings";

/** What a stack's Kiali looks at. */
interface StackKialiArgs {
  /** First part of the names of its resources. */
  readonly name: string;
  readonly settings: Pick<Settings, "kiali">;
  readonly cluster: MeshCluster;
  /** The Prometheus that it asks; absent where there is none. */
  readonly seen: Observability | undefined;
}

/**
 * Looks whether a stack's Kiali would have something to show, before anything is made.
 *
 * @throws RunError where it would not.
 */
export function assertKiali(
  { kiali, mesh }: Pick<Settings, "kiali" | "mesh">,
  { observability }: StackDefinition,
): void {
  if (!kiali) return;
  if (mesh === "osm") {
    throw new RunError(
      "aks-mesh:kiali is true, and the mesh is osm: Kiali reads Istio's objects and series alone. Take it out with `pulumi config rm kiali`.",
    );
  }
  if (observability?.prometheus !== "cluster") {
    throw new RunError(
      "aks-mesh:kiali is true, and Kiali has no Prometheus that it can ask: Azure's wants tokens of Entra ID, which it does not have. Write `pulumi config set metrics cluster`.",
    );
  }
}

/** Kiali, where a stack's settings say so, and once the cluster has Istio. */
export function stackKiali({ name, settings, cluster, seen }: StackKialiArgs): Kiali | undefined {
  const { meshRevision: revision, clusterId } = cluster;
  if (!settings.kiali || clusterId === undefined || revision === undefined || seen === undefined) return undefined;
  return new Kiali(
    `${name}-kiali`,
    { revision, prometheus: seen.queryEndpoint },
    { ...cluster.options, dependsOn: seen },
  );
}
