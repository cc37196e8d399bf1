import { flaggerNamespace } from "../components/flagger";
import { Observability } from "../components/observability";
import { asksCluster } from "./canaries";
import { type StackDefinition } from "./definition";
import { type MeshCluster } from "./mesh-cluster";
import { type Settings } from "./settings";

/** What a stack's mesh is watched with. */
export interface StackObservabilityArgs {
  /** Name of the cluster and of the resource group, and first part of the names of everything else. */
  readonly name: string;
  readonly definition: StackDefinition;
  readonly settings: Settings;
  readonly cluster: MeshCluster;
  /** Namespaces of the mesh. */
  readonly namespaces: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

/** Watches a stack's mesh, where its definition or its settings say so. On a cluster that others made nothing is: it is theirs to say. */
export function stackObservability(args: StackObservabilityArgs): Observability | undefined {
  const { name, definition, settings, cluster, namespaces, tags } = args;
  if (definition.observability === undefined || cluster.clusterId === undefined) return undefined;
  const istio = cluster.meshRevision !== undefined;
  return new Observability(
    `${name}-observability`,
    {
      name,
      resourceGroupName: cluster.resourceGroupName ?? name,
      location: settings.location,
      clusterId: cluster.clusterId,
      workspaceId: cluster.workspaceId,
      mesh: istio ? "istio" : "osm",
      namespaces,
      certificateValidity: istio ? undefined : definition.mesh.certificate?.validityDuration,
      settings: definition.observability,
      askedFrom: asksCluster(definition, istio ? "istio" : "osm") ? [flaggerNamespace] : [],
      tags,
    },
    cluster.options,
  );
}
