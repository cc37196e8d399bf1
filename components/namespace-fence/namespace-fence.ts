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
  constructor(name: string, args: NamespaceFenceArgs, opts: NamespaceFenceOptions = {}) {
    super("aks-mesh:index:NamespaceFence", name, {}, opts);
    assertNamespaceFenceArgs(args);
    const { namespace, quota, containerDefaults, peers, reaches = [] } = args;
    const { provider, dependsOn, deletedWith } = opts;
    const child = { parent: this, provider, dependsOn, deletedWith };

    if (quota !== undefined) {
      new ResourceQuota(`${name}-quota`, { metadata: { name: "bounds", namespace }, spec: { hard: quota } }, child);
    }
    if (containerDefaults !== undefined) {
      const { requests, limits } = containerDefaults;
      const amounts = { type: "Container", defaultRequest: { ...requests }, default: { ...limits } };
      new LimitRange(`${name}-limits`, { metadata: { name: "bounds", namespace }, spec: { limits: [amounts] } }, child);
    }
    if (peers !== undefined) {
      const allowed = [{ namespaceSelector: { matchLabels: peers } }, systemNamespace];
      const beyond = reaches.map(({ namespace: other, port }) => ({
        to: [namespaceNamed(other)],
        ports: [{ port, protocol: "TCP" }],
      }));
      new NetworkPolicy(
        `${name}-peers`,
        {
          metadata: { name: "bounds", namespace },
          spec: {
            podSelector: {},
            policyTypes: ["Ingress", "Egress"],
            ingress: [{ from: allowed }],
            egress: [{ to: allowed }, ...beyond],
          },
        },
        child,
      );
    }
    this.registerOutputs({});
  }
}
