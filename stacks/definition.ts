import { type AksClusterArgs } from "../components/aks-cluster";
import { type BookstoreArgs } from "../components/bookstore";
import { type MeshSettings } from "../components/open-service-mesh";

/** What the program itself decides for every stack alike: names, place, people, credentials. */
type Common = "name" | "resourceGroupName" | "location" | "mesh" | "tags" | "kubeconfigLogin" | "kubernetesVersion";

/** What a stack is: the part in which the stacks differ. */
export interface StackDefinition {
  readonly cluster: Omit<AksClusterArgs, Common>;
  readonly mesh: MeshSettings;
  readonly bookstore: Pick<BookstoreArgs, "canary" | "bookthief" | "guarantees">;
}
