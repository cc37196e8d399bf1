/** CPU and memory, as Kubernetes quantities. */
export interface Amounts {
  cpu?: string;
  memory?: string;
}

/** What a container gets that says nothing itself: sidecars, for instance. */
export interface ContainerDefaults {
  /** What the scheduler sets aside for it. */
  requests?: Amounts;
  /** What it may use at most. */
  limits?: Amounts;
}

/** Pods of another namespace that may be called. */
export interface NetworkReach {
  /** Name of their namespace. */
  namespace: string;
  /** The TCP port that they listen on; a Service's own port may differ. */
  port: number;
}

/** How a namespace is kept apart from others: a resource quota, a limit range, a network policy and who has rights in it alone. */
export interface NamespaceIsolationSettings {
  /** Most of each resource that the namespace may hold, such as `{ pods: "10", "requests.cpu": "1" }`. Default: no quota. */
  quota?: Record<string, string>;
  /** For containers that name no amounts; needed where the quota counts amounts. Default: none. */
  containerDefaults?: ContainerDefaults;
  /**
   * Labels of the only namespaces whose pods may call the pods here and be called by them, beside the system's own. The
   * network itself holds to it, whatever the mesh allows. Default: any.
   */
  peers?: Record<string, string>;
  /** What pods here may call beside the peers. Default: nothing. */
  reaches?: NetworkReach[];
  /** A user with a ClusterRole in this namespace alone, such as for its Secrets. Default: nobody. */
  grant?: { user: string; clusterRole: string };
  /** Namespace of the mesh's control plane, which sidecars call, where it is not `kube-system`. Default: none. */
  controlPlane?: string;
}

/** Arguments of `NamespaceIsolation`. */
export interface NamespaceIsolationArgs extends NamespaceIsolationSettings {
  /** Name of the namespace, which exists. */
  namespace: string;
}
