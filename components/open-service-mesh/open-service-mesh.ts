import { CustomResourcePatch, type CustomResourcePatchArgs } from "@pulumi/kubernetes/apiextensions";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { osmKinds } from "../../mesh/osm/kinds";
import { type NamespaceMetadata, osmNamespace, type ServiceMesh } from "../service-mesh";
import { type Transform, transformed } from "../transform";
import { MeshReady } from "./mesh-ready";
import { meshConfigSpec, type MeshSettings } from "./mesh-settings";
import { assertMeshSettings } from "./validate";

/** Arguments of {@link OpenServiceMesh}. */
export interface OpenServiceMeshArgs {
  /** Kubeconfig of a cluster whose Open Service Mesh add-on is enabled. Handled as a secret. */
  kubeconfig: pulumi.Input<string>;
  /** Namespace of the mesh's control plane. Default: `kube-system`, where the AKS add-on lives. */
  namespace?: string;
  /** Mesh-wide settings. Default: access policy enforced, egress closed, retries honoured. */
  settings?: MeshSettings;
  /** How long the mesh may take to become ready, in seconds. Default: 900. */
  readyTimeoutSeconds?: number;
  /** Changes to the children. */
  transform?: {
    /** The patch of MeshConfig `osm-mesh-config`. */
    meshConfig?: Transform<CustomResourcePatchArgs>;
  };
}

/** Options of {@link OpenServiceMesh}: the kubernetes provider of the same cluster is needed. */
export interface OpenServiceMeshOptions extends pulumi.ComponentResourceOptions {
  /** Provider that reaches the cluster. */
  provider?: kubernetes.Provider;
}

/**
 * Open Service Mesh on a cluster that has the add-on: waits until it can be given policies, then sets its MeshConfig.
 * Destroying it leaves MeshConfig as it is: the object belongs to the add-on.
 *
 * @example
 * ```ts
 * const mesh = new OpenServiceMesh("mesh", { kubeconfig: cluster.kubeconfig }, { provider });
 * new MeshPolicies("policies", { … }, { provider, dependsOn: mesh });
 * ```
 */
export class OpenServiceMesh extends pulumi.ComponentResource implements ServiceMesh {
  public readonly kind = "osm";
  /** Version of the mesh's controller, e.g. `v1.2.9`. */
  public readonly osmVersion: pulumi.Output<string>;
  public readonly version: pulumi.Output<string>;
  /** Suffix of every identity in the mesh, e.g. `cluster.local`. */
  public readonly trustDomain: pulumi.Output<string>;
  /** Whether every pod may call every other, TrafficTargets ignored. */
  public readonly permissiveMode: pulumi.Output<boolean>;
  /** Whether Retry objects are honoured. */
  public readonly retryPolicy: pulumi.Output<boolean>;

  constructor(name: string, args: OpenServiceMeshArgs, opts: OpenServiceMeshOptions = {}) {
    super("aks-mesh:index:OpenServiceMesh", name, {}, opts);
    const namespace = args.namespace ?? "kube-system";
    const settings = args.settings ?? {};
    const timeoutSeconds = args.readyTimeoutSeconds ?? 900;
    assertMeshSettings({ namespace, settings, timeoutSeconds });
    const wait = `${timeoutSeconds}s`;
    const child = { parent: this, dependsOn: opts.dependsOn, deletedWith: opts.deletedWith };

    const ready = new MeshReady(
      `${name}-ready`,
      { kubeconfig: args.kubeconfig, namespace, timeoutSeconds },
      { ...child, customTimeouts: { create: wait, update: wait } },
    );
    const meshConfig = new CustomResourcePatch(
      `${name}-config`,
      transformed(args.transform?.meshConfig, {
        apiVersion: osmKinds.MeshConfig.apiVersion,
        kind: "MeshConfig",
        metadata: { name: "osm-mesh-config", namespace, annotations: { "pulumi.com/patchForce": "true" } },
        spec: meshConfigSpec(settings),
      }),
      { ...child, provider: opts.provider, dependsOn: ready, retainOnDelete: true },
    );

    this.osmVersion = ready.osmVersion;
    this.version = ready.osmVersion;
    this.trustDomain = ready.trustDomain;
    // Known once the setting holds, so that what reads them comes after it.
    this.permissiveMode = meshConfig.id.apply(() => settings.permissiveMode ?? false);
    this.retryPolicy = meshConfig.id.apply(() => settings.features?.retryPolicy ?? true);
    this.registerOutputs({
      osmVersion: this.osmVersion,
      trustDomain: this.trustDomain,
      permissiveMode: this.permissiveMode,
      retryPolicy: this.retryPolicy,
    });
  }

  public namespaceMetadata(sidecarInjection = true): NamespaceMetadata {
    return osmNamespace({ sidecarInjection });
  }
}
