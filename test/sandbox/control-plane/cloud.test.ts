import type { V1PersistentVolumeClaim, V1Service } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { addressChanges } from "../../../sandbox/control-plane/cloud/load-balancers";
import { volumeFor } from "../../../sandbox/control-plane/cloud/volumes";

const service = (spec: V1Service["spec"], address?: string, annotations: Record<string, string> = {}): V1Service => ({
  metadata: { name: "web", namespace: "shop", annotations },
  spec,
  status: address === undefined ? {} : { loadBalancer: { ingress: [{ ip: address }] } },
});
const addresses = (...services: V1Service[]): (string | undefined)[] =>
  addressChanges(services).map(({ address }) => address);
const internal = { "service.beta.kubernetes.io/azure-load-balancer-internal": "true" };

describe("load balancers", () => {
  it("get the lowest free address, public or internal, and keep it", () => {
    const balanced = { type: "LoadBalancer" };
    expect(addresses(service(balanced, "203.0.113.1"), service(balanced), service(balanced))).toEqual([
      "203.0.113.2",
      "203.0.113.3",
    ]);
    expect(addresses(service(balanced, undefined, internal))).toEqual(["10.224.255.1"]);
    expect(addresses(service(balanced, "203.0.113.1", internal))).toEqual(["10.224.255.1"]);
  });

  it("get the address that is asked for", () => {
    const asked = { "service.beta.kubernetes.io/azure-load-balancer-ipv4": "203.0.113.77" };
    expect(addresses(service({ type: "LoadBalancer" }, undefined, asked))).toEqual(["203.0.113.77"]);
    expect(addresses(service({ type: "LoadBalancer" }, "203.0.113.77", asked))).toEqual([]);
    expect(addresses(service({ type: "LoadBalancer", loadBalancerIP: "203.0.113.9" }))).toEqual(["203.0.113.9"]);
  });

  it("lose it with their type, and are left to the controller of their class", () => {
    expect(addresses(service({ type: "ClusterIP" }, "203.0.113.1"))).toEqual([undefined]);
    expect(addresses(service({ type: "ClusterIP" }))).toEqual([]);
    expect(addresses(service({ type: "LoadBalancer", loadBalancerClass: "example.com/other" }))).toEqual([]);
  });
});

describe("a claim's volume", () => {
  const storageClass = { provisioner: "disk.csi.azure.com", reclaimPolicy: "Delete" };
  const claim = (provisioner: string | undefined, phase = "Pending"): V1PersistentVolumeClaim => ({
    metadata: {
      name: "data",
      namespace: "shop",
      uid: "u1",
      annotations: provisioner === undefined ? {} : { "volume.kubernetes.io/storage-provisioner": provisioner },
    },
    spec: { storageClassName: "default", accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "8Gi" } } },
    status: { phase },
  });

  it("is made when Kubernetes asks one of Azure's drivers for it", () => {
    expect(volumeFor(claim("disk.csi.azure.com"), storageClass)).toMatchObject({
      metadata: { name: "pvc-u1" },
      spec: {
        capacity: { storage: "8Gi" },
        claimRef: { namespace: "shop", name: "data", uid: "u1" },
        csi: { driver: "disk.csi.azure.com", fsType: "ext4" },
        persistentVolumeReclaimPolicy: "Delete",
        storageClassName: "default",
      },
    });
  });

  it.each([
    ["before its first pod has a node", claim(undefined)],
    ["of another driver", claim("example.com/disk")],
    ["that is bound", claim("disk.csi.azure.com", "Bound")],
  ])("is not made for a claim %s", (_, waiting) => {
    expect(volumeFor(waiting, storageClass)).toBeUndefined();
  });
});
