import { type NamespaceIsolationSettings } from "../namespace-isolation";

/** What may be asked of a port: both fields hold together, each by any of its values. */
export interface FenceOperation {
  /** Exact, `prefix*`, `*suffix`, `*`. Default: any. */
  methods?: readonly string[];
  /** Exact, `prefix*`, `*suffix`, `*`, or a template. Default: any. */
  paths?: readonly string[];
}

/** What previews may send to shared workloads. */
export interface FenceReach {
  /** The caller, `namespace/service account`, without the prefix of the preview's namespaces. */
  from: string;
  /** Whose pods are called, `namespace/service account`. */
  to: string;
  /** The TCP port that they listen on. */
  port: number;
  /** With Open Service Mesh what may be asked, each `HTTPRouteGroup/match` of the namespace called. Default: nothing. */
  routes?: readonly string[];
  /** With Istio the labels by which the pods called are selected; without them and `operations` nothing may be asked. */
  selector?: Readonly<Record<string, string>>;
  /** With Istio what may be asked, as AuthorizationPolicies say it. Default: nothing. */
  operations?: readonly FenceOperation[];
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
  /** What previews may call of others. Default: nothing. */
  reaches?: readonly FenceReach[];
}
