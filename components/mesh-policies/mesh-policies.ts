import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import { ConfigMap, Namespace, NamespacePatch } from "@pulumi/kubernetes/core/v1";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type OsmKind } from "../../mesh/osm/kinds";
import { type AccessRow, statedAccess } from "../../mesh/osm/stated-access";
import { NamespaceFence } from "../namespace-fence";
import { transformed } from "../transform";
import { type MeshNamespace, type MeshPoliciesArgs } from "./args";
import { checkedObjects } from "./check";
import { containerInsightsConfig } from "./container-insights";
import { assertMeshPoliciesArgs } from "./validate";

/** Options of {@link MeshPolicies}. */
export interface MeshPoliciesOptions extends pulumi.ComponentResourceOptions {
  /** Provider that reaches the cluster. */
  provider?: kubernetes.Provider;
}

/** Metadata that makes a namespace part of the mesh. */
function onboarding({ sidecarInjection, metrics, labels, annotations }: MeshNamespace) {
  return {
    labels: { ...labels, "openservicemesh.io/monitored-by": "osm" },
    annotations: {
      ...annotations,
      "openservicemesh.io/sidecar-injection": (sidecarInjection ?? true) ? "enabled" : "disabled",
      "openservicemesh.io/metrics": (metrics ?? true) ? "enabled" : "disabled",
    },
  };
}

/** The order in which kinds are applied: an object after those that it refers to. */
const waves: readonly (readonly OsmKind[])[] = [
  ["HTTPRouteGroup", "TCPRoute", "UpstreamTrafficSetting", "MeshRootCertificate"],
  ["TrafficTarget", "Egress", "IngressBackend", "Retry"],
  ["TrafficSplit"],
];

/**
 * Namespaces of the mesh and its policies. Namespaces are onboarded first; then come the policies, an object after those
 * that it refers to. All is checked before anything is applied: errors fail the preview, warnings are shown in it.
 */
export class MeshPolicies extends pulumi.ComponentResource {
  /** Names of the onboarded namespaces, known once they are and once their policies hold. */
  public readonly namespaces: pulumi.Output<string[]>;
  /** Who may call whom, as the objects say. */
  public readonly access: pulumi.Output<AccessRow[]>;
  private readonly created = new Map<string, Namespace>();

  constructor(name: string, args: MeshPoliciesArgs, opts: MeshPoliciesOptions = {}) {
    super("aks-mesh:index:MeshPolicies", name, {}, opts);
    assertMeshPoliciesArgs(args);
    const child = {
      parent: this,
      provider: opts.provider,
      dependsOn: opts.dependsOn,
      deletedWith: opts.deletedWith,
    };
    const { pending, plain } = checkedObjects(args, this);

    const onboarded = args.namespaces.map((namespace) => {
      const metadata = { name: namespace.name, ...onboarding(namespace) };
      if (namespace.existing === true) {
        return new NamespacePatch(`${name}-${namespace.name}`, { metadata }, child);
      }
      const resource = new Namespace(
        `${name}-${namespace.name}`,
        transformed(args.transform?.namespace, { metadata }),
        child,
      );
      this.created.set(namespace.name, resource);
      return resource;
    });
    const fences = args.namespaces.flatMap((namespace, index) =>
      namespace.fence === undefined
        ? []
        : [
            new NamespaceFence(
              `${name}-${namespace.name}`,
              { namespace: namespace.name, ...namespace.fence },
              {
                ...child,
                dependsOn: onboarded[index],
                deletedWith: this.created.get(namespace.name) ?? opts.deletedWith,
              },
            ),
          ],
    );

    const applied: CustomResource[] = [];
    for (const wave of waves) {
      const before = [...onboarded, ...fences, ...applied];
      for (const object of pending.filter(({ kind }) => wave.includes(kind))) {
        const { namespace } = object.metadata;
        const customResource = new CustomResource(
          `${name}-${object.kind}-${namespace}-${object.metadata.name}`,
          transformed(args.transform?.policy, { ...object }),
          { ...child, dependsOn: before, deletedWith: this.created.get(namespace) ?? opts.deletedWith },
        );
        applied.push(customResource);
      }
    }
    if (args.containerInsightsNamespaces !== undefined) {
      new ConfigMap(`${name}-container-insights`, containerInsightsConfig(args.containerInsightsNamespaces), child);
    }

    const done = pulumi.all([...onboarded, ...applied].map((resource) => resource.id));
    this.namespaces = done.apply(() => args.namespaces.map((namespace) => namespace.name));
    this.access = plain.apply(statedAccess);
    this.registerOutputs({ namespaces: this.namespaces, access: this.access });
  }

  /** The namespace of this name, if this component made it: what lives in it goes with it (`deletedWith`). */
  public createdNamespace(name: string): Namespace | undefined {
    return this.created.get(name);
  }
}
