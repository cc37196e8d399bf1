import type * as pulumi from "@pulumi/pulumi";
import { type AdmissionContext } from "../../mesh";
import { isJsonObject, type KubernetesObject, unreadFields } from "../../mesh/manifests";
import { osmKinds } from "../../mesh/osm/kinds";
import { assumedCluster } from "../../mesh/policy";
import { istioControlPlaneNamespace, meshPeerAuthentication, sharedConfigMap } from "../istio-mesh";
import { revisionTagWebhook } from "../istio-mesh/revision-tag";
import { peersPolicy } from "../namespace-isolation";
import { meshConfigSpec } from "../open-service-mesh/mesh-settings";
import { istioNamespace, osmNamespace } from "../service-mesh";
import { transformed } from "../transform";
import { type MeshMigration, type MeshNamespace, type MeshPoliciesArgs } from "./args";

/** An object of the cluster that is no policy but that the mesh reads, as far as the program knows it. */
export interface ClusterObject {
  /** For messages, such as `Deployment shop/cart`. */
  readonly title: string;
  readonly value: pulumi.Input<unknown>;
}

/**
 * Metadata that makes a namespace part of the mesh.
 *
 * @param joined the revision of Istio; undefined: Open Service Mesh.
 */
export function onboarding(
  { sidecarInjection, metrics, labels, annotations }: Omit<MeshNamespace, "name">,
  joined?: Pick<MeshMigration, "revision" | "revisionTag">,
) {
  const named = joined?.revisionTag ?? joined?.revision;
  const metadata =
    named === undefined ? osmNamespace({ sidecarInjection, metrics }) : istioNamespace(named, { sidecarInjection });
  return {
    labels: { ...labels, ...metadata.labels },
    annotations: { ...annotations, ...metadata.annotations },
  };
}

function essential(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(essential);
  if (!isJsonObject(value) || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) => (unreadFields.has(key) ? [] : [[key, essential(part)]])),
  );
}

/** Namespaces, what isolates them, the mesh's settings, and what runs. What `policy` says of its services stands in for workloads not given. */
export function clusterObjects(args: MeshPoliciesArgs): readonly ClusterObject[] {
  const { workloads, policy, istio } = args;
  const objects: ClusterObject[] = [];
  const add = (apiVersion: string, kind: string, given: readonly object[] = []): void => {
    given.forEach((one, index) => {
      const object = { ...one, apiVersion, kind };
      objects.push({ title: `${kind} ${titleOf(one) ?? String(index)}`, value: essential(object) });
    });
  };
  add(
    "v1",
    "Namespace",
    args.namespaces.map((namespace) => {
      const metadata = { name: namespace.name, ...onboarding(namespace, istio) };
      return namespace.existing === true ? { metadata } : transformed(args.transform?.namespace, { metadata });
    }),
  );
  add(
    "v1",
    "Namespace",
    args.otherNamespaces?.map((name) => ({ metadata: { name, ...onboarding({}, istio) } })),
  );
  add(
    "networking.k8s.io/v1",
    "NetworkPolicy",
    args.namespaces.flatMap(({ name, isolation }) => {
      const controlPlane = istio === undefined ? undefined : istioControlPlaneNamespace;
      return peersPolicy({ namespace: name, controlPlane, ...isolation }) ?? [];
    }),
  );
  if (istio === undefined) {
    add(osmKinds.MeshConfig.apiVersion, "MeshConfig", [
      { metadata: { name: "osm-mesh-config", namespace: "kube-system" }, spec: meshConfigSpec(args.mesh ?? {}) },
    ]);
  } else {
    const { apiVersion, kind, ...mutualTls } = meshPeerAuthentication(istio.settings ?? {});
    add("v1", "ConfigMap", [sharedConfigMap(istio.revision, istio.settings ?? {})]);
    if (istio.revisionTag !== undefined) {
      const webhook = revisionTagWebhook(istio.revisionTag, istio.revision);
      objects.push({ title: `${webhook.kind} ${webhook.metadata.name}`, value: webhook });
    }
    add(apiVersion, kind, [mutualTls]);
  }
  add("v1", "ServiceAccount", workloads?.serviceAccounts);
  add("v1", "Service", workloads?.services);
  add("apps/v1", "Deployment", workloads?.deployments);
  add("apps/v1", "StatefulSet", workloads?.statefulSets);
  add("apps/v1", "DaemonSet", workloads?.daemonSets);
  for (const object of workloads?.objects ?? []) add(object.apiVersion, object.kind, [object]);
  for (const { split, route } of args.splitsOfOthers ?? []) {
    const object = istio === undefined ? split : route;
    add(object.apiVersion, object.kind, [object]);
  }
  if (workloads === undefined && policy !== undefined) {
    for (const object of assumedCluster(policy)) objects.push({ title: object.kind, value: object });
  }
  return objects;
}

function titleOf(object: object): string | undefined {
  const metadata: unknown = Reflect.get(object, "metadata");
  if (!isJsonObject(metadata)) return undefined;
  const { name, namespace = "default" } = metadata;
  return typeof name === "string" && typeof namespace === "string" ? `${namespace}/${name}` : undefined;
}

/** An object as the analysis takes it. One without a name, which the provider makes up, gets a number. */
export function asKubernetesObject(value: unknown, index: number): KubernetesObject | undefined {
  if (!isJsonObject(value)) return undefined;
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== "string" || typeof kind !== "string") return undefined;
  const { name, namespace, ...rest } = isJsonObject(metadata) ? metadata : {};
  return {
    ...value,
    apiVersion,
    kind,
    metadata: {
      ...rest,
      name: typeof name === "string" ? name : String(index),
      ...(kind !== "Namespace" && { namespace: typeof namespace === "string" ? namespace : "default" }),
    },
  };
}

/** What the arguments tell about the policies' surroundings. */
export function contextOf({ namespaces, otherNamespaces = [], mesh }: MeshPoliciesArgs): AdmissionContext {
  return {
    namespaces: [...namespaces.map(({ name }) => name), ...otherNamespaces],
    retryPolicy: mesh?.features?.retryPolicy ?? true,
    egress: mesh?.egress ?? false,
  };
}
