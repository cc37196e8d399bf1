import { CustomResourceDefinition } from "@pulumi/kubernetes/apiextensions/v1";
import { Deployment } from "@pulumi/kubernetes/apps/v1";
import { Namespace, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import { ClusterRole, ClusterRoleBinding, RoleBinding } from "@pulumi/kubernetes/rbac/v1";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type MeshName } from "../../mesh";
import { restrictedAs, restrictedContainer, restrictedNamespace } from "../restricted-pod";
import { transformed } from "../transform";
import { type FlaggerArgs } from "./args";
import { flaggerDefinitions } from "./definitions";
import { canaryRules, watchRules } from "./permissions";

/** Where it runs. The namespace is not in the mesh. */
export const flaggerNamespace = "flagger-system";

/** The version whose behaviour the analysis knows (mesh/flagger). */
const defaultImage = "ghcr.io/fluxcd/flagger:1.36.1";

/** The user that the image has. */
const user = 10_001;

const port = 8080;

const rolesGroup = "rbac.authorization.k8s.io";

/** Name of the role that it has in namespaces with Canaries. */
const canaryRole = "flagger-canaries";

/** Options of {@link Flagger}. */
export interface FlaggerOptions extends pulumi.ComponentResourceOptions {
  /** Provider that reaches the cluster. */
  provider?: kubernetes.Provider;
}

/**
 * Flagger, which moves calls to new versions by what a Prometheus answers: its kinds, and its controller, which may watch its own objects everywhere, and change
 * others only in namespaces that {@link Flagger.admit} names.
 */
export class Flagger extends pulumi.ComponentResource {
  /** Whose split of calls it writes. */
  public readonly mesh: MeshName;
  /** The Prometheus that its looks ask. */
  public readonly prometheus: string;

  constructor(name: string, args: FlaggerArgs, opts: FlaggerOptions = {}) {
    super("aks-mesh:index:Flagger", name, {}, opts);
    const { mesh, prometheus, image = defaultImage, transform } = args;
    this.mesh = mesh;
    this.prometheus = prometheus;
    const { provider, dependsOn, deletedWith } = opts;
    const child = { parent: this, provider, dependsOn, deletedWith };
    const definitions = flaggerDefinitions.map(
      (definition, index) => new CustomResourceDefinition(`${name}-${String(index)}`, definition, child),
    );
    const place = new Namespace(name, { metadata: { name: flaggerNamespace, labels: restrictedNamespace } }, child);
    const inside = { ...child, dependsOn: [place], deletedWith: deletedWith ?? place };
    const metadata = { name: "flagger", namespace: flaggerNamespace };
    const account = new ServiceAccount(name, { metadata }, inside);
    const watch = new ClusterRole(name, { metadata: { name: "flagger" }, rules: watchRules }, child);
    new ClusterRole(`${name}-canaries`, { metadata: { name: canaryRole }, rules: canaryRules(mesh) }, child);
    const binding = new ClusterRoleBinding(
      name,
      { metadata: { name: "flagger" }, roleRef: roleRef(watch.metadata.name), subjects: [subject] },
      child,
    );
    // Nobody has to call it: the node's probes are let through, and it asks others.
    new NetworkPolicy(name, { metadata, spec: { podSelector: {}, policyTypes: ["Ingress"] } }, inside);
    const labels = { app: "flagger" };
    const probe = { httpGet: { path: "/healthz", port } };
    new Deployment(
      name,
      transformed(transform?.deployment, {
        metadata,
        spec: {
          // Two of it would both move calls.
          replicas: 1,
          strategy: { type: "Recreate" },
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              serviceAccountName: account.metadata.name,
              nodeSelector: { "kubernetes.io/os": "linux" },
              securityContext: restrictedAs(user),
              containers: [
                {
                  ...restrictedContainer("flagger", image),
                  command: ["./flagger"],
                  args: [
                    "-log-level=info",
                    `-port=${String(port)}`,
                    `-mesh-provider=${mesh}`,
                    `-metrics-server=${prometheus}`,
                    // It would copy what Secrets hold, and need the right to read all of them.
                    "-enable-config-tracking=false",
                    "-no-cross-namespace-refs=true",
                  ],
                  ports: [{ name: "http", containerPort: port }],
                  readinessProbe: probe,
                  livenessProbe: probe,
                  resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "512Mi" } },
                },
              ],
            },
          },
        },
      }),
      { ...inside, dependsOn: [place, ...definitions, binding] },
    );
    this.registerOutputs({});
  }

  /** Lets it do in a namespace what Canaries there need. */
  public admit(name: string, namespace: string, opts: pulumi.CustomResourceOptions): RoleBinding {
    return new RoleBinding(
      name,
      { metadata: { name: "flagger", namespace }, roleRef: roleRef(canaryRole), subjects: [subject] },
      opts,
    );
  }
}

const subject = { kind: "ServiceAccount", name: "flagger", namespace: flaggerNamespace };

function roleRef(name: pulumi.Input<string>) {
  return { apiGroup: rolesGroup, kind: "ClusterRole", name };
}
