import { LimitRange, ResourceQuota } from "@pulumi/kubernetes/core/v1";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import { RoleBinding } from "@pulumi/kubernetes/rbac/v1";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type NamespaceIsolationArgs } from "./args";
import { isolationName, peersPolicy } from "./peers-policy";
import { assertNamespaceIsolationArgs } from "./validate";

/** Options of {@link NamespaceIsolation}. */
export interface NamespaceIsolationOptions extends pulumi.ComponentResourceOptions {
  /** Provider that reaches the cluster. */
  provider?: kubernetes.Provider;
}

/**
 * Isolates one namespace: a ResourceQuota says how much it may hold, a LimitRange what a container gets that asks for
 * nothing, a NetworkPolicy whom its pods may talk to. The network enforces the last, so that it also holds for a pod without
 * a sidecar, and closes the way to the internet and to the nodes' metadata endpoint.
 */
export class NamespaceIsolation extends pulumi.ComponentResource {
  /** The objects in the cluster that this component made. */
  public readonly objects: readonly (ResourceQuota | LimitRange | NetworkPolicy | RoleBinding)[];

  constructor(name: string, args: NamespaceIsolationArgs, opts: NamespaceIsolationOptions = {}) {
    // Stacks that were made before it was called so keep their objects.
    const aliases = [...(opts.aliases ?? []), { type: "aks-mesh:index:NamespaceFence" }];
    super("aks-mesh:index:NamespaceIsolation", name, {}, { ...opts, aliases });
    assertNamespaceIsolationArgs(args);
    const { namespace, quota, containerDefaults, grant } = args;
    const { provider, dependsOn, deletedWith } = opts;
    const child = { parent: this, provider, dependsOn, deletedWith };
    const metadata = { name: isolationName, namespace };
    const objects: (ResourceQuota | LimitRange | NetworkPolicy | RoleBinding)[] = [];

    if (quota !== undefined) {
      objects.push(new ResourceQuota(`${name}-quota`, { metadata, spec: { hard: quota } }, child));
    }
    if (containerDefaults !== undefined) {
      const { requests, limits } = containerDefaults;
      const amounts = { type: "Container", defaultRequest: { ...requests }, default: { ...limits } };
      objects.push(new LimitRange(`${name}-limits`, { metadata, spec: { limits: [amounts] } }, child));
    }
    const policy = peersPolicy(args);
    if (policy !== undefined) objects.push(new NetworkPolicy(`${name}-peers`, policy, child));
    if (grant !== undefined) {
      const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: grant.clusterRole };
      const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: grant.user }];
      objects.push(new RoleBinding(`${name}-grant`, { metadata, roleRef, subjects }, child));
    }
    this.objects = objects;
    this.registerOutputs({});
  }
}
