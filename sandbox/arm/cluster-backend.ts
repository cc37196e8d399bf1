/** One group of nodes, as the control plane shows them. */
export interface NodePool {
  readonly name: string;
  readonly mode: "System" | "User";
  readonly count: number;
  readonly vmSize: string;
  readonly zones: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** `key=value:Effect`, as in an agent pool's nodeTaints. */
  readonly taints: readonly string[];
  readonly maxPods: number;
}

/** The Kubernetes side of one emulated cluster. */
export interface ControlPlane {
  /** `https://127.0.0.1:PORT`. */
  readonly server: string;
  /** PEM. */
  readonly certificateAuthority: string;
  /** Kubeconfig (YAML) with a client certificate. */
  readonly adminKubeconfig: string;
  setNodePools(pools: readonly NodePool[]): Promise<void>;
  /** Returns at once; the custom resource definitions and the controllers follow. */
  enableOpenServiceMesh(options: { readonly crdDelaySeconds: number }): Promise<void>;
  /** As AKS does: removes the deployments, leaves the custom resource definitions and the webhooks. */
  disableOpenServiceMesh(): Promise<void>;
  /** Ends the processes, keeps the data. */
  stop(): Promise<void>;
  /** Ends the processes and removes the data. */
  destroy(): Promise<void>;
}

/** What a control plane is made from. */
export interface ClusterSpec {
  readonly name: string;
  /** Version that the nodes report, for instance 1.34.4. */
  readonly kubernetesVersion: string;
  readonly serviceCidr: string;
  readonly dnsServiceIP: string;
  /** How the API server validates Entra ID's tokens. */
  readonly oidc: { readonly issuerUrl: string; readonly clientId: string; readonly caFile: string };
  /** Where the API server asks whether Azure RBAC allows a request. */
  readonly authorizationWebhookUrl: string;
  readonly authorizationWebhookCaFile: string;
}

/** Where control planes come from: real ones in the sandbox, fakes in the emulator's own tests. */
export interface ClusterBackend {
  /**
   * Starts what is not running and adopts what is. Called again for the same cluster after a restart or a failure.
   *
   * @param clusterId the cluster's resource id in lower case.
   */
  open(clusterId: string, spec: ClusterSpec): Promise<ControlPlane>;
}
