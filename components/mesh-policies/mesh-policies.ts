import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import { ConfigMap, Namespace, NamespacePatch } from "@pulumi/kubernetes/core/v1";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { istioControlPlaneNamespace } from "../istio-mesh";
import { NamespaceIsolation } from "../namespace-isolation";
import { transformed } from "../transform";
import { type AccessMatrix } from "./access-matrix";
import { analyse } from "./analysis";
import { type MeshPoliciesArgs } from "./args";
import { onboarding } from "./cluster";
import { containerInsightsConfig } from "./container-insights";
import { pendingObjects } from "./objects";
import { report } from "./report";
import { meshOfArgs, waves } from "./target";
import { assertMeshPoliciesArgs } from "./validate";

/** Options of {@link MeshPolicies}. */
export interface MeshPoliciesOptions extends pulumi.ComponentResourceOptions {
  /** Provider that reaches the cluster. */
  provider?: kubernetes.Provider;
}

type DependsOn = pulumi.ResourceOptions["dependsOn"];

/** Whatever a resource may be told to wait for, as a list. */
function listed(dependsOn: DependsOn): pulumi.Output<pulumi.Resource[]> {
  return pulumi
    .output(dependsOn)
    .apply((resources) => (resources === undefined ? [] : Array.isArray(resources) ? resources : [resources]));
}

/**
 * Namespaces of the mesh and its policies. Namespaces are onboarded first; then come the policies, an object after those
 * that it refers to. All is analysed before anything is applied, as `aks-mesh check` does it: findings are shown in the
 * preview, on the resources that they are about; errors and broken guarantees fail it.
 */
export class MeshPolicies extends pulumi.ComponentResource {
  /** Names of the onboarded namespaces, known once they are and once their policies hold. */
  public readonly namespaces: pulumi.Output<string[]>;
  /** Who may call whom, as the analysis tells. */
  public readonly access: pulumi.Output<AccessMatrix>;
  /** The objects in the cluster that this component made. */
  public readonly objects: readonly (Namespace | CustomResource | ConfigMap | NamespaceIsolation["objects"][number])[];
  private readonly created = new Map<string, Namespace>();

  constructor(name: string, args: MeshPoliciesArgs, opts: MeshPoliciesOptions = {}) {
    super("aks-mesh:index:MeshPolicies", name, {}, opts);
    assertMeshPoliciesArgs(args);
    const { pending, said } = pendingObjects(args);
    const { access, diagnostics, clearance } = analyse(args, pending);
    const after = (resources: DependsOn): DependsOn =>
      clearance === undefined ? resources : clearance.apply(() => listed(resources));
    const child = {
      parent: this,
      provider: opts.provider,
      dependsOn: after(opts.dependsOn),
      deletedWith: opts.deletedWith,
    };

    const joined = args.istio ?? args.migration;
    const onboarded = args.namespaces.map((namespace) => {
      const metadata = { name: namespace.name, ...onboarding(namespace, joined) };
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
    const isolations = args.namespaces.flatMap((namespace, index) =>
      namespace.isolation === undefined
        ? []
        : [
            new NamespaceIsolation(
              `${name}-${namespace.name}`,
              {
                namespace: namespace.name,
                controlPlane: joined === undefined ? undefined : istioControlPlaneNamespace,
                ...namespace.isolation,
              },
              {
                ...child,
                dependsOn: onboarded[index],
                deletedWith: this.created.get(namespace.name) ?? opts.deletedWith,
              },
            ),
          ],
    );

    const applied = new Map<string, CustomResource>();
    for (const wave of args.migration?.withheld === true ? [] : waves[meshOfArgs(args)]) {
      const before = [...onboarded, ...isolations, ...applied.values()];
      for (const object of pending.filter(({ kind }) => wave.includes(kind))) {
        const customResource = new CustomResource(
          `${name}-${object.kind}-${object.namespace}-${object.name}`,
          object.args,
          { ...child, dependsOn: after(before), deletedWith: this.created.get(object.namespace) ?? opts.deletedWith },
        );
        applied.set(object.title, customResource);
      }
    }
    const collected = args.containerInsightsNamespaces;
    const insights =
      collected === undefined
        ? []
        : [new ConfigMap(`${name}-container-insights`, containerInsightsConfig(collected), child)];

    this.objects = [
      ...this.created.values(),
      ...isolations.flatMap(({ objects }) => objects),
      ...applied.values(),
      ...insights,
    ];

    void diagnostics.then((found) => report([...said, ...found], this, applied));
    const done = pulumi.all([...onboarded, ...applied.values()].map((resource) => resource.id));
    this.namespaces = done.apply(() => args.namespaces.map((namespace) => namespace.name));
    this.access = access;
    this.registerOutputs({ namespaces: this.namespaces, access: this.access });
  }

  /** The namespace of this name, if this component made it: what lives in it goes with it (`deletedWith`). */
  public createdNamespace(name: string): Namespace | undefined {
    return this.created.get(name);
  }
}
