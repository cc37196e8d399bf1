import { LimitRange, ResourceQuota } from "@pulumi/kubernetes/core/v1";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type NamespaceFenceArgs } from "./args";
import { assertNamespaceFenceArgs } from "./validate";

/** Options of {@link NamespaceFence}. */
export interface NamespaceFenceOptions extends pulumi.ComponentResourceOptions {
  /** Provider that reaches the cluster. */
  provider?: kubernetes.Provider;
}

/** A namespace by the label that Kubernetes itself gives it. */
const namespaceNamed = (name: string) => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
});

/** Where names are resolved and the mesh's control plane lives. */
const systemNamespace = namespaceNamed("kube-system");

/**
 * Bounds of one namespace: how much it may hold, what a container gets that asks for nothing, and whom its pods may talk
 * to. The last is enforced by the network, so that it also holds for a pod without a sidecar, and closes the way to the
 * internet and to the nodes' metadata endpoint.
 */
export class NamespaceFence extends pulumi.ComponentResource {
  /** The objects in the cluster that this component made. */
  public readonly objects: readonly (ResourceQuota | LimitRange | NetworkPolicy)[];

  constructor(name: string, args: NamespaceFenceArgs, opts: NamespaceFenceOptions = {}) {
    super("aks-mesh:index:NamespaceFence", name, {}, opts);
    assertNamespaceFenceArgs(args);
    const { namespace, quota, containerDefaults, peers, reaches = [] } = args;
    const { provider, dependsOn, deletedWith } = opts;
    const child = { parent: this, provider, dependsOn, deletedWith };
    const objects: (ResourceQuota | LimitRange | NetworkPolicy)[] = [];

    if (quota !== undefined) {
      const bounds = { metadata: { name: "bounds", namespace }, spec: { hard: quota } };
      objects.push(new ResourceQuota(`${name}-quota`, bounds, child));
    }
    if (containerDefaults !== undefined) {
      const { requests, limits } = containerDefaults;
      const amounts = { type: "Container", defaultRequest: { ...requests }, default: { ...limits } };
      const bounds = { metadata: { name: "bounds", namespace }, spec: { limits: [amounts] } };
      objects.push(new LimitRange(`${name}-limits`, bounds, child));
    }
    if (peers !== undefined) {
      const allowed = [{ namespaceSelector: { matchLabels: peers } }, systemNamespace];
      const beyond = reaches.map(({ namespace: other, port }) => ({
        to: [namespaceNamed(other)],
        ports: [{ port, protocol: "TCP" }],
      }));
      const bounds = {
        metadata: { name: "bounds", namespace },
        spec: {
          podSelector: {},
          policyTypes: ["Ingress", "Egress"],
          ingress: [{ from: allowed }],
          egress: [{ to: allowed }, ...beyond],
        },
      };
      objects.push(new NetworkPolicy(`${name}-peers`, bounds, child));
    }
    this.objects = objects;
    this.registerOutputs({});
  }
}
