import { type ComponentResourceOptions, type Output } from "@pulumi/pulumi";
import { type Provider } from "@pulumi/kubernetes/provider";

/** A cluster with the mesh on it, whoever made it. */
export interface MeshCluster {
  /** Its resource group, where the stack made it. */
  readonly resourceGroupName?: Output<string>;
  readonly clusterName: Output<string>;
  /** Its id in Azure, where the stack made it. */
  readonly clusterId?: Output<string>;
  /** The Log Analytics workspace in use, where the stack made the cluster. Empty without one. */
  readonly workspaceId?: Output<string>;
  /** How its administrator gets in, where the stack made it. A secret. */
  readonly kubeconfig?: Output<string>;
  /** Version of the mesh's controller; absent between two meshes. */
  readonly meshVersion?: Output<string>;
  /** Of Istio: the revision that new pods join, and that policies are for. */
  readonly meshRevision?: string;
  /** Of Istio: the tag that stands for it. */
  readonly meshRevisionTag?: string;
  /** Between two meshes: pods are made anew, for this revision of Istio or for no mesh. */
  readonly migration?: { readonly revision?: string; readonly revisionTag?: string; readonly withheld?: true };
  /** Options of whatever is deployed to it. */
  readonly options: Pick<ComponentResourceOptions, "dependsOn" | "deletedWith"> & { readonly provider: Provider };
}
