import type { JSONWebKeySet } from "jose";
import type { Tools } from "../tools";

/** What a control plane is made from. */
export interface ControlPlaneOptions {
  /** Everything of this control plane lives here: etcd's data, certificates, pid files, logs. Made when missing. */
  readonly directory: string;
  readonly tools: Tools;
  /** Entra ID: how the API server validates users' tokens. */
  readonly oidc: { readonly issuerUrl: string; readonly clientId: string; readonly caFile: string };
  /** AKS's guard: where the API server asks, in a SubjectAccessReview, whether Azure RBAC allows what its own RBAC does not. */
  readonly authorizationWebhookUrl: string;
  readonly authorizationWebhookCaFile: string;
  /** Default: it is asked without one. */
  readonly authorizationWebhookToken?: string;
  /** IPv4 range of Services' addresses, such as "10.0.0.0/16". */
  readonly serviceCidr: string;
  /** Address of the kube-dns Service, inside the range. */
  readonly dnsServiceIP: string;
  /** Issuer of the service accounts' tokens. Default: the cluster's own name for itself. */
  readonly serviceAccountIssuer?: string;
  /** Azure region, for the nodes' labels. Default: eastus. */
  readonly location?: string;
  /** Gets a line when something that runs beside the cluster fails. Default: none. */
  readonly log?: (line: string) => void;
  /** The cluster's node resource group, for the nodes' labels. Default: the name of the directory. */
  readonly nodeResourceGroup?: string;
}

/** The Istio add-on of a cluster. */
export interface IstioAddon {
  /** Such as "asm-1-29", in any order; two during an upgrade. At least one. */
  readonly revisions: readonly string[];
  /** Modes of the ingress gateways. */
  readonly ingressGateways: readonly IngressMode[];
  readonly egressGateways: readonly EgressGateway[];
  /** Whether istiod waits for a certificate authority and signs with that, see {@link ControlPlane.setMeshAuthority}. */
  readonly pluggedInAuthority: boolean;
}

/** A certificate authority for a mesh, in PEM: the files of the Secret `cacerts`. */
export interface MeshAuthority {
  /** One root, or several while one takes another's place. */
  readonly "root-cert.pem": string;
  readonly "ca-cert.pem": string;
  readonly "ca-key.pem": string;
  /** From the authority's certificate to the root. */
  readonly "cert-chain.pem": string;
}

/** An egress gateway of the Istio add-on. */
export interface EgressGateway {
  readonly name: string;
  readonly namespace: string;
  /** The StaticGatewayConfiguration of its pods, in its namespace. */
  readonly configuration: string;
}

/** Whether an ingress gateway has a public address or one of the cluster's network. */
export type IngressMode = "External" | "Internal";

/** An agent pool as far as Kubernetes sees it. */
export interface NodePool {
  readonly name: string;
  readonly mode: "System" | "User" | "Gateway";
  /** Of a gateway pool: length of the public IP prefixes that its nodes get. */
  readonly publicIpPrefixSize?: number | undefined;
  readonly count: number;
  /** Such as "Standard_D4s_v5". */
  readonly vmSize: string;
  /** Numbers of availability zones, such as ["1", "2", "3"]; none: the nodes are in no zone. */
  readonly zones: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** `key=value:Effect`, as in an agent pool's nodeTaints. */
  readonly taints: readonly string[];
  readonly maxPods: number;
  /** What the nodes report, such as "1.35.4". The API server is always the version that was built. */
  readonly kubernetesVersion: string;
  /** Such as "AKSUbuntu-2404gen2containerd-202611.03.0". */
  readonly nodeImageVersion: string;
  /** Such as "Ubuntu" or "AzureLinux". */
  readonly osSku: string;
  /** Nodes that an upgrade adds for its time: a number, or a part of the pool such as "33%". Default: 10%. */
  readonly maxSurge?: string | undefined;
}

/** A running Kubernetes control plane with KWOK for nodes. */
export interface ControlPlane {
  /** `https://127.0.0.1:PORT`. */
  readonly server: string;
  /** PEM. */
  readonly certificateAuthority: string;
  /** Kubeconfig (YAML) with a client certificate of the group system:masters: holds a secret. */
  readonly adminKubeconfig: string;
  /** By what keys the service accounts' tokens are signed. */
  serviceAccountKeys(): Promise<JSONWebKeySet>;
  /**
   * Makes the nodes be those of the pools: first new ones join, then those of another version or image are upgraded a few at a time,
   * last the ones that are too many are drained and removed.
   * Resolves when that is done.
   */
  setNodePools(pools: readonly NodePool[]): Promise<void>;
  /**
   * Installs Open Service Mesh as AKS's add-on does. Resolves when its Deployments are there; custom resource definitions, MeshConfig
   * and webhooks follow, once a node is ready and the delay is over.
   */
  enableOpenServiceMesh(options: { readonly crdDelaySeconds: number }): Promise<void>;
  /** Removes the Deployments as AKS does: custom resource definitions and webhook configurations stay behind. */
  disableOpenServiceMesh(): Promise<void>;
  /**
   * Makes the control planes of the Istio add-on be those of the revisions; undefined: none. Idempotent: called at the end of every
   * change of the cluster. Resolves when their Deployments are there; custom resource definitions and webhooks follow, once a node is
   * ready and the delay is over. What leaves takes its objects along; custom resource definitions stay, and the namespace
   * with the certificate authority.
   */
  setIstio(addon: IstioAddon | undefined, options: { readonly crdDelaySeconds: number }): Promise<void>;
  /**
   * Puts the certificate authority of the Istio add-on into the Secret `cacerts`, and into istiod's volume of it, as kubelet and the
   * Key Vault add-on do; istiod follows by itself. A problem is told at istiod's pods, and what was there stays. Without a mesh that is
   * for such an authority nothing happens.
   */
  setMeshAuthority(found: MeshAuthority | { readonly problem: string }): Promise<void>;
  /** Installs KEDA, or takes it away again. Idempotent: called at the end of every change of the cluster. Its custom resource definitions stay. */
  setKeda(enabled: boolean): Promise<void>;
  /**
   * Installs Static Egress Gateway: its custom resource definition, and what gives addresses to the configurations of it. Idempotent.
   * Whether AKS takes the definition away again is not known; here it stays.
   */
  enableStaticEgressGateway(): Promise<void>;
  /** Ends the processes; the data stays. */
  stop(): Promise<void>;
  /** Ends the processes and removes the directory. */
  destroy(): Promise<void>;
}
