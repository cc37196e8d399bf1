import { type AksClusterArgs, type IstioArgs } from "../components/aks-cluster";
import { type BookstoreArgs } from "../components/bookstore";
import { type IstioMeshSettings } from "../components/istio-mesh";
import { type MeshSettings } from "../components/open-service-mesh";

/** What the program itself decides for every stack alike: names, place, people, credentials. */
type Common =
  "name" | "resourceGroupName" | "location" | "mesh" | "istio" | "tags" | "kubeconfigLogin" | "kubernetesVersion";

/** What a stack is: the part in which the stacks differ. */
export interface StackDefinition {
  readonly cluster: Omit<AksClusterArgs, Common>;
  /** Settings of the mesh osm. */
  readonly mesh: MeshSettings;
  /** Of the mesh istio: the add-on's gateways and certificate authority, and its settings. Default: no gateway, the defaults. */
  readonly istio?: { readonly addOn?: Omit<IstioArgs, "revisions">; readonly settings?: IstioMeshSettings };
  readonly bookstore: Pick<BookstoreArgs, "canary" | "bookthief" | "guarantees">;
}
