import { Release, type ReleaseArgs } from "@pulumi/kubernetes/helm/v3/release";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { istioControlPlaneNamespace } from "../istio-mesh/mesh-settings";
import { monitoringNamespace } from "../observability/cluster-prometheus";
import { type Transform, transformed } from "../transform";

/** Where Kiali's chart is, and which: the newest that was seen with a revision of the add-on's Istio, 1.29. */
const chart = { repo: "https://kiali.org/helm-charts", name: "kiali-server", version: "2.24.0" } as const;

/** Arguments of `Kiali`. */
export interface KialiArgs {
  /** Revision of the Istio add-on whose istiod it looks at, e.g. `asm-1-30`. */
  revision: string;
  /** The Prometheus in the cluster that has Istio's series, see `Observability.queryEndpoint`. */
  prometheus: pulumi.Input<string>;
  /** Version of the chart, which is Kiali's own. Default 2.24.0. */
  version?: string;
  /** Last-moment changes to what the component is about to register. */
  transform?: { release?: Transform<ReleaseArgs> };
}

/** Options of {@link Kiali}: the provider of the cluster is needed. */
export interface KialiOptions extends pulumi.ComponentResourceOptions {
  /** Provider that reaches the cluster. */
  provider?: kubernetes.Provider;
}

/**
 * Kiali, beside the Prometheus in the cluster, by its own chart, which is fetched when the program runs. It shows and changes nothing, and is not public: who
 * looks comes by `kubectl port-forward` and signs in with a token.
 *
 * @example
 * ```ts
 * new Kiali("kiali", { revision: "asm-1-30", prometheus: observability.queryEndpoint }, { provider, dependsOn: observability });
 * ```
 */
export class Kiali extends pulumi.ComponentResource {
  /** How to look at it: what to run, and where a token comes from. */
  public readonly access: pulumi.Output<string>;

  constructor(name: string, args: KialiArgs, opts: KialiOptions = {}) {
    super("aks-mesh:index:Kiali", name, {}, opts);
    const { version = chart.version } = args;
    if (!/^\d+\.\d+\.\d+$/.test(version)) {
      throw new pulumi.RunError(`version: "${version}" is no exact version; write one such as ${chart.version}.`);
    }
    const { provider, dependsOn, deletedWith } = opts;
    const release = new Release(
      `${name}-kiali`,
      transformed(args.transform?.release, {
        ...{
          name: "kiali",
          namespace: monitoringNamespace,
          chart: chart.name,
          version,
          repositoryOpts: { repo: chart.repo },
        },
        values: values(args),
      }),
      { parent: this, provider, dependsOn, deletedWith },
    );
    this.access = release.id.apply(
      () =>
        `kubectl -n ${monitoringNamespace} port-forward service/kiali 20001, then http://localhost:20001/kiali with a token of ` +
        `kubectl -n ${monitoringNamespace} create token kiali`,
    );
    this.registerOutputs({ access: this.access });
  }
}

/** Values of the chart (kiali.io/docs/configuration/kialis.kiali.io), where they are not its own. */
function values({ revision, prometheus }: KialiArgs): Record<string, unknown> {
  return {
    auth: { strategy: "token" },
    istio_namespace: istioControlPlaneNamespace,
    deployment: {
      view_only_mode: true,
      service_type: "ClusterIP",
      ingress: { enabled: false },
      // Takes the place of the chart's own, which lacks the profile that the namespace asks for.
      security_context: {
        allowPrivilegeEscalation: false,
        privileged: false,
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
        capabilities: { drop: ["ALL"] },
        seccompProfile: { type: "RuntimeDefault" },
      },
    },
    external_services: {
      prometheus: { url: prometheus },
      grafana: { enabled: false },
      tracing: { enabled: false },
      istio: {
        root_namespace: istioControlPlaneNamespace,
        istiod_deployment_name: `istiod-${revision}`,
        config_map_name: `istio-${revision}`,
      },
    },
  };
}
