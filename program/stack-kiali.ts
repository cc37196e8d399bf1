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
  readonly definition: StackDefinition;
  readonly settings: Pick<Settings, "kiali">;
  readonly cluster: MeshCluster;
  /** The Prometheus that it asks; absent where there is none. */
  readonly seen: Observability | undefined;
}

/**
 * Kiali, where a stack's settings say so.
 *
 * @throws RunError where it would have nothing to show.
 */
export function stackKiali({ name, definition, settings, cluster, seen }: StackKialiArgs): Kiali | undefined {
  const { meshRevision: revision, clusterId } = cluster;
  if (!settings.kiali || clusterId === undefined) return undefined;
  if (revision === undefined) {
    throw new RunError(
      "aks-mesh:kiali is true, and the mesh is osm: Kiali reads Istio's objects and series alone. Take it out with `pulumi config rm kiali`.",
    );
  }
  if (seen === undefined || definition.observability?.prometheus !== "cluster") {
    throw new RunError(
      "aks-mesh:kiali is true, and Kiali has no Prometheus that it can ask: Azure's wants tokens of Entra ID, which it does not have. Write `pulumi config set metrics cluster`.",
    );
  }
  return new Kiali(
    `${name}-kiali`,
    { revision, prometheus: seen.queryEndpoint },
    { ...cluster.options, dependsOn: seen },
  );
}
