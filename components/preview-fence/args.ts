import { type NamespaceIsolationSettings } from "../namespace-isolation";

/** What previews may send to shared workloads. */
export interface FenceReach {
  /** The caller, `namespace/service account`, without the prefix of the preview's namespaces. */
  from: string;
  /** Whose pods are called, `namespace/service account`. */
  to: string;
  /** The TCP port that they listen on. */
  port: number;
  /** What may be asked, each `HTTPRouteGroup/match` of the namespace called. */
  routes: readonly string[];
}

/** Arguments of `PreviewFence`. */
export interface PreviewFenceArgs {
  /** Name of the user that deploys previews, as the API server knows it: on AKS the object id of the Entra identity. */
  user: string;
  /** Label of a preview's namespaces; its value is the number of the pull request. */
  label: string;
  /** Where images come from, each a registry or a path in one, such as `acme.azurecr.io/previews`. */
  registries: readonly string[];
  /** What each namespace of a preview has to be isolated by before pods run in it. */
  isolation: Pick<NamespaceIsolationSettings, "quota" | "containerDefaults">;
  /** The mesh of the cluster. Default: `osm`. */
  mesh?: "osm" | "istio";
  /** What previews may call of others, with Open Service Mesh. Default: nothing. */
  reaches?: readonly FenceReach[];
}
