import { type Config, RunError } from "@pulumi/pulumi";
import { KubeconfigLogin, PrincipalType } from "../components/aks-cluster/enums";
import { loginLike } from "../components/aks-cluster/kubeconfig";
import { defaultKubernetesVersion } from "../components/aks-cluster/kubernetes-versions";
import { tagProblem } from "../components/istio-mesh/revision-tag";
import { type MigrationStage, readMigrationStage } from "./mesh-migration";
import { collectorAt } from "./tracing";

/** What a person sets for a stack; every key is described in Pulumi.yaml. */
export interface Settings {
  readonly location: string;
  readonly owner: string;
  readonly mesh: "osm" | "istio";
  /** Revisions of Istio, first the one that new pods join; none: they are asked from Azure. */
  readonly meshRevisions: readonly string[];
  /** A name that stands for the first of them; absent where namespaces name the revision. */
  readonly meshRevisionTag?: string;
  /** Where the cluster is on its way to `mesh`; absent where it is there. */
  readonly meshMigration?: MigrationStage;
  readonly registerFeature: boolean;
  readonly kubernetesVersion: string;
  readonly administrators: readonly string[];
  readonly authorizedIpRanges: readonly string[];
  readonly kubeconfigLogin: KubeconfigLogin;
  /** Kind of the principal that runs `pulumi up`. */
  readonly deployer: PrincipalType;
  /** Object id of that principal, a service principal; absent where it is whoever runs the program. */
  readonly deployerObjectId?: string;
  readonly privateCluster: boolean;
  /** Whether the mesh's metrics are collected, and whether by a Prometheus in the cluster; absent where the stack's definition says. */
  readonly metrics?: "on" | "off" | "cluster";
  /** Where sidecars send spans: `off`, `cluster` for a Jaeger there, or an address; absent where the stack's definition says. */
  readonly tracing?: string;
  /** Whether Kiali runs beside the cluster's Prometheus. */
  readonly kiali: boolean;
  /** Address of the Prometheus that the gates of rollouts ask; absent: the stack's own of Azure. */
  readonly prometheus?: string;
  readonly nodeSubnetId?: string;
  readonly diskEncryptionSetId?: string;
  readonly keyVaultKeyId?: string;
}

/** The values of the setting `kubeconfigLogin`, named as kubelogin names them. */
const logins: Readonly<Record<string, KubeconfigLogin>> = {
  azurecli: KubeconfigLogin.AzureCli,
  spn: KubeconfigLogin.ServicePrincipal,
  workloadidentity: KubeconfigLogin.WorkloadIdentity,
  msi: KubeconfigLogin.ManagedIdentity,
  devicecode: KubeconfigLogin.DeviceCode,
};

/** People log in with azure-cli, machines with everything else. */
function deployerLike(environment: NodeJS.ProcessEnv): PrincipalType {
  return loginLike(environment) === KubeconfigLogin.AzureCli ? PrincipalType.User : PrincipalType.ServicePrincipal;
}

function kubeconfigLogin(value: string | undefined, environment: NodeJS.ProcessEnv): KubeconfigLogin {
  if (value === undefined) return loginLike(environment);
  const login = logins[value];
  if (login !== undefined) return login;
  throw new RunError(`aks-mesh:kubeconfigLogin is "${value}": write one of ${Object.keys(logins).join(", ")}.`);
}

/** A text that may be empty: Pulumi has no other way to say that a setting need not be set. */
function optional(config: Config, key: string): string | undefined {
  return config.get(key) || undefined;
}

function meshOf(value: string): Settings["mesh"] {
  if (value === "osm" || value === "istio") return value;
  throw new RunError(`aks-mesh:mesh is "${value}": write osm or istio.`);
}

/** A switch that may be left as it is. */
function metricsOf(value: string | undefined): Settings["metrics"] {
  if (value === undefined || value === "on" || value === "off" || value === "cluster") return value;
  throw new RunError(
    `aks-mesh:metrics is "${value}": write on, cluster or off, or take it out with \`pulumi config rm metrics\`.`,
  );
}

/** Where spans go. */
function tracingOf(mesh: Settings["mesh"], value: string | undefined): string | undefined {
  if (value !== undefined && value !== "off" && value !== "cluster") collectorAt(value, mesh);
  return value;
}

/** The address of a Prometheus. */
function prometheusOf(value: string | undefined): string | undefined {
  const protocol = value !== undefined && URL.canParse(value) ? new URL(value).protocol : undefined;
  if (value === undefined || protocol === "http:" || protocol === "https:") return value;
  throw new RunError(`aks-mesh:prometheus is "${value}": write an address such as http://localhost:9090.`);
}

/** Revisions make sense for Istio alone. */
function meshRevisions(mesh: Settings["mesh"], revisions: readonly string[]): readonly string[] {
  if (mesh === "istio" || revisions.length === 0) return revisions;
  throw new RunError(
    `aks-mesh:meshRevisions is ${JSON.stringify(revisions)}, and the mesh is osm, which has none: take it out with ` +
      "`pulumi config rm meshRevisions`.",
  );
}

/** A tag of revisions, too, makes sense for Istio alone. */
function meshRevisionTag(mesh: Settings["mesh"], tag: string | undefined): string | undefined {
  if (tag === undefined) return undefined;
  if (mesh !== "istio") {
    throw new RunError(
      `aks-mesh:meshRevisionTag is "${tag}", and the mesh is osm, which has no revisions: take it out with ` +
        "`pulumi config rm meshRevisionTag`.",
    );
  }
  const problem = tagProblem(tag);
  if (problem !== undefined) throw new RunError(`aks-mesh:meshRevisionTag: ${problem}.`);
  return tag;
}

/** Reads a stack's settings. Types, and what is missing, Pulumi has checked against Pulumi.yaml. */
export function readSettings(config: Config, environment: NodeJS.ProcessEnv): Settings {
  const mesh = meshOf(optional(config, "mesh") ?? "osm");
  return {
    location: config.require("location"),
    owner: config.require("owner"),
    mesh,
    meshRevisions: meshRevisions(mesh, config.getObject<string[]>("meshRevisions") ?? []),
    meshRevisionTag: meshRevisionTag(mesh, optional(config, "meshRevisionTag")),
    meshMigration: readMigrationStage(mesh, optional(config, "meshMigration")),
    registerFeature: config.requireBoolean("registerFeature"),
    kubernetesVersion: optional(config, "kubernetesVersion") ?? defaultKubernetesVersion,
    administrators: config.requireObject<string[]>("administrators"),
    authorizedIpRanges: config.requireObject<string[]>("authorizedIpRanges"),
    kubeconfigLogin: kubeconfigLogin(optional(config, "kubeconfigLogin"), environment),
    deployer:
      optional(config, "deployerObjectId") === undefined ? deployerLike(environment) : PrincipalType.ServicePrincipal,
    deployerObjectId: optional(config, "deployerObjectId"),
    privateCluster: config.requireBoolean("privateCluster"),
    metrics: metricsOf(optional(config, "metrics")),
    kiali: config.getBoolean("kiali") ?? false,
    tracing: tracingOf(mesh, optional(config, "tracing")),
    prometheus: prometheusOf(optional(config, "prometheus")),
    nodeSubnetId: optional(config, "nodeSubnetId"),
    diskEncryptionSetId: optional(config, "diskEncryptionSetId"),
    keyVaultKeyId: optional(config, "keyVaultKeyId"),
  };
}
