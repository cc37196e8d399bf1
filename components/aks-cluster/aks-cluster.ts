import { listManagedClusterUserCredentials } from "@pulumi/azure-native/containerservice/listManagedClusterUserCredentials";
import { ManagedCluster } from "@pulumi/azure-native/containerservice/managedCluster";
import {
  all,
  ComponentResource,
  type ComponentResourceOptions,
  log,
  mergeOptions,
  type Output,
  output,
  type Resource,
  RunError,
  secret,
} from "@pulumi/pulumi";

import { transformed } from "../transform";
import { type AksClusterArgs } from "./args";
import { NodePoolMode } from "./enums";
import { bootstrapPool, BootstrapRemoval, InlinePools } from "./bootstrap";
import { createOnlyPaths, hashes } from "./create-only";
import { CreateOnlySettings } from "./create-only-settings";
import { grantClusterAdmin, grantControlPlane, grantMeshCertificates } from "./access";
import { oldestFirst } from "./istio-revisions";
import { supportWarning } from "./kubernetes-versions";
import { clusterIdentity, kubeletIdentity } from "./identities";
import { userKubeconfig } from "./kubeconfig";
import { maintenanceConfigurations } from "./maintenance";
import { managedClusterArgs } from "./managed-cluster";
import { collectContainerInsights, collectControlPlane, workspaceFor } from "./monitoring";
import { nodePool } from "./node-pool";
import { azureChoosesVersion, type ClusterSettings, withDefaults } from "./settings";
import { type Site } from "./site";
import { validate } from "./validation";

/**
 * An AKS cluster, secure unless told otherwise, whose node pools can all change without losing it.
 *
 * @throws Error listing every setting that is wrong or contradicts another, each with what to write instead.
 *
 * @example
 * new AksCluster("shop", {
 *   name: "shop",
 *   resourceGroupName: group.name,
 *   nodePools: [
 *     { name: "system", mode: "System", vmSize: "Standard_D4ds_v5" },
 *     { name: "work", mode: "User", vmSize: "Standard_D8ds_v5" },
 *   ],
 * });
 */
export class AksCluster extends ComponentResource {
  /** Resource id of the cluster. */
  readonly clusterId: Output<string>;
  /** Name of the cluster in Azure. */
  readonly clusterName: Output<string>;
  /**
   * Secret. A kubeconfig whose users log in through `kubelogin` as `kubeconfigLogin` says; it holds no credential, unless
   * `access.localAccounts` is on. There as soon as the cluster is; a role may take Azure some minutes more to take effect.
   */
  readonly kubeconfig: Output<string>;
  /** Issuer of service account tokens, for federated credentials. Empty without `security.oidcIssuer`. */
  readonly oidcIssuerUrl: Output<string>;
  /** Resource group that holds nodes and disks. */
  readonly nodeResourceGroup: Output<string>;
  /** Object id of the control plane's identity. */
  readonly principalId: Output<string>;
  /** Object id of the nodes' identity, which pulls images. */
  readonly kubeletObjectId: Output<string>;
  /** The Log Analytics workspace in use. Empty without one. */
  readonly workspaceId: Output<string>;
  /** Revisions of the Istio add-on, oldest first. Empty without it. */
  readonly meshRevisions: Output<string[]>;
  /** Names of the node pools in Azure, in the order of the arguments. There once they are ready. */
  readonly nodePoolNames: Output<string[]>;

  constructor(name: string, args: AksClusterArgs, opts?: ComponentResourceOptions) {
    const settings = validate(withDefaults(args));
    super("aks-mesh:index:AksCluster", name, {}, behindCreateOnlySettings(name, settings, opts));
    const site: Site = { name, component: this, settings };
    if (settings.kubernetesVersion !== undefined && !azureChoosesVersion(settings)) {
      const warning = supportWarning(settings.kubernetesVersion, settings.mesh, new Date());
      if (warning !== undefined) void log.warn(warning, this);
    }

    const identity = clusterIdentity(site);
    const kubelet = kubeletIdentity(site, identity);
    const grants = [...grantControlPlane(site, identity), ...(kubelet?.roleAssignments ?? [])];
    const workspaceId = workspaceFor(site);

    const shape = managedClusterArgs(settings, {
      identityId: identity?.id,
      kubeletIdentity: kubelet?.profile,
      workspaceId,
    });
    const clusterArgs = transformed(settings.transform?.cluster, shape);
    const reference = {
      subscriptionId: settings.subscriptionId,
      resourceGroupName: settings.resourceGroupName,
      clusterName: settings.name,
    };
    const { createOnlyHash, updateHash } = hashes(clusterArgs);
    const inline = new InlinePools(
      `${name}-inline-pools`,
      { ...reference, createOnlyHash, updateHash, profile: bootstrapPool(settings) },
      { parent: this },
    );
    const cluster = new ManagedCluster(
      name,
      { ...clusterArgs, agentPoolProfiles: inline.profiles },
      {
        parent: this,
        dependsOn: grants,
        replaceOnChanges: [...createOnlyPaths],
        ignoreChanges: azureChoosesVersion(settings) ? ["kubernetesVersion"] : [],
        customTimeouts: { create: "90m", update: "90m", delete: "90m" },
      },
    );

    // Azure runs one operation on a cluster at a time: each pool waits for the control plane and for all pools before it. For *all*, so that pools which leave
    // together in a later update leave one after another too, whatever stays between them.
    const line: Resource[] = [cluster];
    const pools = new Map<string, Output<string>>();
    const add = (mode: NodePoolMode): void => {
      for (const pool of settings.nodePools.filter((candidate) => candidate.mode === mode)) {
        const made = nodePool(site, pool, { resource: cluster, generation: createOnlyHash }, [...line]);
        pools.set(pool.name, made.name);
        line.push(made);
      }
    };
    add(NodePoolMode.System);
    line.push(
      new BootstrapRemoval(
        `${name}-bootstrap-removal`,
        { ...reference, createOnlyHash },
        { parent: this, dependsOn: [...line], deletedWith: cluster },
      ),
    );
    add(NodePoolMode.User);
    add(NodePoolMode.Gateway);

    maintenanceConfigurations(site, cluster);
    if (workspaceId !== undefined) {
      collectControlPlane(site, cluster, workspaceId);
      collectContainerInsights(site, cluster, workspaceId);
    }
    grantClusterAdmin(site, cluster);
    grantMeshCertificates(site, cluster);

    this.clusterId = cluster.id;
    this.clusterName = cluster.name;
    this.kubeconfig = kubeconfigOf(settings, cluster);
    this.oidcIssuerUrl = cluster.oidcIssuerProfile.apply((profile) => profile?.issuerURL ?? "");
    this.nodeResourceGroup = cluster.nodeResourceGroup.apply((group) => group ?? "");
    this.principalId = output(identity?.principalId ?? cluster.identity.apply((own) => own?.principalId ?? ""));
    this.kubeletObjectId = cluster.identityProfile.apply((profile) => profile?.["kubeletidentity"]?.objectId ?? "");
    this.workspaceId = output(workspaceId ?? "");
    this.meshRevisions = cluster.serviceMeshProfile.apply((profile) => oldestFirst(profile?.istio?.revisions ?? []));
    this.nodePoolNames = all(settings.nodePools.map(({ name: pool }) => pools.get(pool) ?? output("")));
    this.registerOutputs({
      clusterId: this.clusterId,
      clusterName: this.clusterName,
      kubeconfig: this.kubeconfig,
      oidcIssuerUrl: this.oidcIssuerUrl,
      nodeResourceGroup: this.nodeResourceGroup,
      principalId: this.principalId,
      kubeletObjectId: this.kubeletObjectId,
      workspaceId: this.workspaceId,
      meshRevisions: this.meshRevisions,
      nodePoolNames: this.nodePoolNames,
    });
  }
}

/**
 * A component's children wait for it, and it for what it depends on: so nothing of a cluster is touched before it is known that
 * the cluster stays.
 */
function behindCreateOnlySettings(
  name: string,
  settings: ClusterSettings,
  opts?: ComponentResourceOptions,
): ComponentResourceOptions {
  const shape = transformed(settings.transform?.cluster, managedClusterArgs(settings, {}));
  const guard = new CreateOnlySettings(
    `${name}-create-only-settings`,
    { ...shape, resourceName: settings.name },
    settings.subscriptionId,
    { parent: opts?.parent },
  );
  return mergeOptions(opts, { dependsOn: [guard] });
}

/**
 * Known in a preview wherever the cluster exists already, also when it is about to be updated or gets a new administrator:
 * an unknown kubeconfig would show its Kubernetes provider, and with it every object, as replaced.
 */
function kubeconfigOf({ name, ...settings }: ClusterSettings, cluster: ManagedCluster): Output<string> {
  return secret(
    all([cluster.id, settings.resourceGroupName]).apply(async ([, resourceGroupName]) => {
      const where = { resourceGroupName, resourceName: name, format: "exec" };
      const { kubeconfigs } = await listManagedClusterUserCredentials(where, { parent: cluster }).catch(
        (error: unknown) => {
          throw isGone(error) ? gone(name) : error;
        },
      );
      return userKubeconfig(name, kubeconfigs, settings.kubeconfigLogin);
    }),
  );
}

/** Whether Azure has no such cluster, or no such group. */
function isGone(error: unknown): boolean {
  return error instanceof Error && /Resource(?:Group)?NotFound/.test(error.message);
}

/** The engine believes its state, and takes for unchanged what somebody else deleted. */
function gone(name: string): RunError {
  return new RunError(
    `The cluster ${name} is in the stack's state and not in Azure: somebody deleted it. Run ` +
      "`PULUMI_K8S_DELETE_UNREACHABLE=true pulumi refresh`, which takes it and all that ran on it out of the state, then " +
      "`pulumi up`, which makes them anew.",
  );
}
