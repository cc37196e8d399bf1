import { CustomResource, type CustomResourceArgs } from "@pulumi/kubernetes/apiextensions";
import { MutatingWebhookConfiguration } from "@pulumi/kubernetes/admissionregistration/v1";
import { ConfigMap, Service } from "@pulumi/kubernetes/core/v1";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { connect } from "../open-service-mesh/connect";
import { istioNamespace, type NamespaceMetadata, type ServiceMesh } from "../service-mesh";
import { type Transform, transformed } from "../transform";
import { IstioReady } from "./istio-ready";
import { type IstioMeshSettings, meshPeerAuthentication, sharedConfigMap } from "./mesh-settings";
import { type StaticGatewayConfiguration, staticGatewayConfigurationObject } from "./static-gateway-configuration";
import { revisionTagService, revisionTagWebhook } from "./revision-tag";
import { assertSettingsInPlace } from "./settings-in-place";
import { assertIstioMeshArgs } from "./validate";

/** Arguments of {@link IstioMesh}. */
export interface IstioMeshArgs {
  /** Kubeconfig of a cluster whose Istio add-on is enabled. Handled as a secret. */
  kubeconfig: pulumi.Input<string>;
  /** Revisions of the add-on: one, or two during an upgrade. New pods join the first. */
  revisions: readonly string[];
  /** Revisions of these that do not run yet, of a mesh that does. A preview sees to it that their settings are there. Default: none. */
  startingRevisions?: readonly string[];
  /** Revisions that an upgrade may go to: their settings are put in place beforehand. Default: none. */
  nextRevisions?: readonly string[];
  /**
   * A name that stands for the first revision, such as `prod`: namespaces have it in the label `istio.io/rev`, and stay as they are when it moves
   * to another revision. Default: none, and namespaces name the revision.
   */
  revisionTag?: string;
  /**
   * The addresses by which egress gateways leave the cluster, to be made once the mesh is ready. Their namespaces are the add-on's, which makes
   * them. Default: none.
   */
  staticGatewayConfigurations?: readonly StaticGatewayConfiguration[];
  /** Mesh-wide settings. Default: mutual TLS alone, nothing outside may be called, nothing is sent twice. */
  settings?: IstioMeshSettings;
  /** How long the mesh may take to become ready, in seconds. Default: 900. */
  readyTimeoutSeconds?: number;
  /** Changes to the children. */
  transform?: {
    /** The ConfigMap of each revision. */
    sharedConfigMap?: Transform<kubernetes.types.input.core.v1.ConfigMap>;
    /** The PeerAuthentication of the whole mesh. */
    peerAuthentication?: Transform<CustomResourceArgs>;
    /** Called once for each. */
    staticGatewayConfiguration?: Transform<CustomResourceArgs>;
    /** What gives pods sidecars by the tag. */
    revisionTagWebhook?: Transform<kubernetes.types.input.admissionregistration.v1.MutatingWebhookConfiguration>;
    /** The Service of the tag. */
    revisionTagService?: Transform<kubernetes.types.input.core.v1.Service>;
  };
}

/** Options of {@link IstioMesh}: the kubernetes provider of the same cluster is needed. */
export interface IstioMeshOptions extends pulumi.ComponentResourceOptions {
  /** Provider that reaches the cluster. */
  provider?: kubernetes.Provider;
}

/**
 * Istio on a cluster that has the add-on: waits until it can be given policies and pods, then sets what holds for the whole mesh. Each
 * revision has a ConfigMap of its own with the same settings, also one that is yet to come.
 *
 * @example
 * ```ts
 * const mesh = new IstioMesh("mesh", { kubeconfig: cluster.kubeconfig, revisions: ["asm-1-30"] }, { provider });
 * ```
 */
export class IstioMesh extends pulumi.ComponentResource implements ServiceMesh {
  public readonly kind = "istio";
  /** Version of the istiod that new pods join, e.g. `1.30.2`. */
  public readonly version: pulumi.Output<string>;
  /** Suffix of every identity in the mesh, e.g. `cluster.local`. */
  public readonly trustDomain: pulumi.Output<string>;
  /** The revision that new pods join. */
  public readonly revision: string;
  /** The tag that stands for it, and that namespaces name. */
  public readonly revisionTag: string | undefined;

  constructor(name: string, args: IstioMeshArgs, opts: IstioMeshOptions = {}) {
    super("aks-mesh:index:IstioMesh", name, {}, opts);
    const { revisions, startingRevisions = [], nextRevisions = [], settings = {} } = args;
    const { staticGatewayConfigurations: gateways = [], revisionTag } = args;
    const timeoutSeconds = args.readyTimeoutSeconds ?? 900;
    assertIstioMeshArgs({ revisions, nextRevisions, revisionTag, settings, timeoutSeconds });
    const wait = `${timeoutSeconds}s`;
    const child = { parent: this, dependsOn: opts.dependsOn, deletedWith: opts.deletedWith };
    const kubeconfig =
      startingRevisions.length > 0 ? withSettingsOf(startingRevisions, args.kubeconfig) : args.kubeconfig;

    const ready = new IstioReady(
      `${name}-ready`,
      { kubeconfig, revisions, timeoutSeconds, egressNamespaces: gateways.map(({ namespace }) => namespace) },
      { ...child, customTimeouts: { create: wait, update: wait } },
    );
    const inCluster = { ...child, provider: opts.provider, dependsOn: ready };
    const configMaps = [...new Set([...revisions, ...nextRevisions])].map(
      (revision) =>
        new ConfigMap(
          `${name}-${revision}`,
          transformed(args.transform?.sharedConfigMap, sharedConfigMap(revision, settings)),
          inCluster,
        ),
    );
    const peerAuthentication = new CustomResource(
      `${name}-mtls`,
      transformed(args.transform?.peerAuthentication, meshPeerAuthentication(settings)),
      inCluster,
    );

    for (const gateway of gateways) {
      new CustomResource(
        `${name}-${gateway.namespace}-${gateway.name}`,
        transformed(args.transform?.staticGatewayConfiguration, staticGatewayConfigurationObject(gateway)),
        inCluster,
      );
    }

    this.revision = revisions[0] ?? "";
    this.revisionTag = revisionTag;
    const tagged =
      revisionTag === undefined ? [] : revisionTagObjects(name, revisionTag, this.revision, args, inCluster);
    // Known once the settings hold, so that what reads them comes after them.
    const settled = pulumi.all([...configMaps, peerAuthentication, ...tagged].map(({ id }) => id));
    this.version = pulumi.all([ready.istioVersion, settled]).apply(([version]) => version);
    this.trustDomain = ready.trustDomain;
    this.registerOutputs({
      ...{ version: this.version, trustDomain: this.trustDomain, revision: this.revision },
      revisionTag: this.revisionTag,
    });
  }

  public namespaceMetadata(sidecarInjection = true): NamespaceMetadata {
    return istioNamespace(this.revisionTag ?? this.revision, { sidecarInjection });
  }
}

/** What makes a tag stand for a revision. */
function revisionTagObjects(
  name: string,
  tag: string,
  revision: string,
  { transform }: IstioMeshArgs,
  options: pulumi.CustomResourceOptions,
): pulumi.CustomResource[] {
  return [
    new MutatingWebhookConfiguration(
      `${name}-tag-${tag}`,
      transformed(transform?.revisionTagWebhook, revisionTagWebhook(tag, revision)),
      options,
    ),
    new Service(
      `${name}-tag-${tag}`,
      transformed(transform?.revisionTagService, revisionTagService(tag, revision)),
      options,
    ),
  ];
}

/** The kubeconfig, in a preview after a look whether the revisions that start have their settings. An update has begun by then. */
function withSettingsOf(starting: readonly string[], kubeconfig: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.output(kubeconfig).apply(async (text) => {
    if (pulumi.runtime.isDryRun()) {
      const { request } = await connect(text);
      await assertSettingsInPlace(request, starting);
    }
    return text;
  });
}
