import { Deployment } from "@pulumi/kubernetes/apps/v1";
import { ConfigMap, Namespace, Service } from "@pulumi/kubernetes/core/v1";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { type Transform, transformed } from "../transform";
import { podMetadata, restricted, restrictedContainer, restrictedNamespace } from "../restricted-pod";

/** Where it runs. The namespace is not in the mesh, so that spans do not make spans. */
const namespace = "mesh-tracing";

const host = `jaeger.${namespace}.svc.cluster.local`;

const jaeger = "docker.io/jaegertracing/jaeger:2.13.0";

/** Where spans are taken, by what they are written in, and where they are looked at. */
const ports = { "http-zipkin": 9411, "grpc-otlp": 4317, "http-otlp": 4318, "http-query": 16_686 } as const;
const healthPort = 13_133;

/** Where sidecars send their spans. */
export const clusterCollector = { address: host, port: ports["http-zipkin"], endpoint: "/api/v2/spans" } as const;

/** What is set of the collector. */
export interface TraceCollectorSettings {
  /** How many traces are kept, in memory; the oldest go first. Default 20000. */
  maxTraces?: number;
  /** In place of Jaeger's image, by tag or digest. */
  image?: string;
}

/** Arguments of `TraceCollector`. */
export interface TraceCollectorArgs {
  /** Namespaces whose pods may send spans: those of the mesh, and of its gateways. */
  namespaces: readonly string[];
  settings?: TraceCollectorSettings;
  /** Last-moment changes to what the component is about to register. */
  transform?: { deployment?: Transform<kubernetes.types.input.apps.v1.Deployment> };
}

/** Options of {@link TraceCollector}: the provider of the cluster is needed. */
export interface TraceCollectorOptions extends pulumi.ComponentResourceOptions {
  /** Provider that reaches the cluster. */
  provider?: kubernetes.Provider;
}

/**
 * A Jaeger in the cluster that takes spans in Zipkin's format and in OTLP, keeps them in memory, and shows them. It has no disk: what it knows ends
 * with its pod. Nothing of it is public.
 *
 * @example
 * ```ts
 * new TraceCollector("traces", { namespaces: ["shop"] }, { provider });
 * ```
 */
export class TraceCollector extends pulumi.ComponentResource {
  /** Where traces can be looked at, from inside the cluster. */
  public readonly queryAddress: pulumi.Output<string>;

  constructor(name: string, args: TraceCollectorArgs, opts: TraceCollectorOptions = {}) {
    super("aks-mesh:index:TraceCollector", name, {}, opts);
    assertTraceCollectorArgs(args);
    const { maxTraces = 20_000, image = jaeger } = args.settings ?? {};
    const { provider, dependsOn, deletedWith } = opts;
    const place = new Namespace(
      `${name}-namespace`,
      { metadata: { name: namespace, labels: restrictedNamespace } },
      { parent: this, provider, dependsOn, deletedWith },
    );
    const inside = { parent: this, provider, dependsOn: [place], deletedWith: deletedWith ?? place };
    const metadata = { name: "jaeger", namespace };
    const data = { "config.yaml": stringify(configuration(maxTraces), { lineWidth: 0 }) };
    new ConfigMap(`${name}-configuration`, { metadata, data }, inside);
    const labels = { app: "jaeger" };
    const probe = { httpGet: { path: "/status", port: healthPort } };
    const deployment = new Deployment(
      `${name}-jaeger`,
      transformed(args.transform?.deployment, {
        metadata,
        spec: {
          // What one pod knows another does not.
          replicas: 1,
          strategy: { type: "Recreate" },
          selector: { matchLabels: labels },
          template: {
            metadata: podMetadata("jaeger", data),
            spec: {
              ...restricted,
              automountServiceAccountToken: false,
              containers: [
                {
                  ...restrictedContainer("jaeger", image),
                  args: ["--config=/etc/jaeger/config.yaml"],
                  ports: Object.entries(ports).map(([name, containerPort]) => ({ name, containerPort })),
                  readinessProbe: probe,
                  livenessProbe: probe,
                  resources: { requests: { cpu: "20m", memory: "128Mi" }, limits: { memory: memoryLimit } },
                  volumeMounts: [{ name: "config", mountPath: "/etc/jaeger", readOnly: true }],
                },
              ],
              volumes: [{ name: "config", configMap: { name: "jaeger" } }],
            },
          },
        },
      }),
      inside,
    );
    const served = Object.entries(ports).map(([name, port]) => ({ name, port }));
    new Service(`${name}-jaeger`, { metadata, spec: { type: "ClusterIP", selector: labels, ports: served } }, inside);
    // Jaeger asks nobody who they are. `kubectl port-forward` comes from the node, which no policy stops.
    const senders = {
      matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: [...args.namespaces] }],
    };
    const { "http-query": query, ...takes } = ports;
    new NetworkPolicy(
      `${name}-jaeger`,
      {
        metadata,
        spec: {
          podSelector: {},
          policyTypes: ["Ingress"],
          ingress: [{ from: [{ namespaceSelector: senders }], ports: Object.values(takes).map((port) => ({ port })) }],
        },
      },
      inside,
    );
    this.queryAddress = deployment.id.apply(() => `http://${host}:${query}`);
    this.registerOutputs({ queryAddress: this.queryAddress });
  }
}

/** Memory that Jaeger may have, and the part of it above which it refuses spans, so that it is not killed with all that it knows. */
const memoryLimit = "1Gi";
const memoryLimiter = { check_interval: "1s", limit_percentage: 80, spike_limit_percentage: 20 };

/** What Jaeger reads at its start (jaegertracing.io/docs/2.13/deployment/configuration). */
function configuration(maxTraces: number): object {
  const on = (port: number) => ({ endpoint: `0.0.0.0:${port}` });
  return {
    service: {
      extensions: ["jaeger_storage", "jaeger_query", "healthcheckv2"],
      pipelines: {
        traces: {
          receivers: ["zipkin", "otlp"],
          processors: ["memory_limiter", "batch"],
          exporters: ["jaeger_storage_exporter"],
        },
      },
    },
    extensions: {
      jaeger_storage: { backends: { memory: { memory: { max_traces: maxTraces } } } },
      jaeger_query: { storage: { traces: "memory" }, http: on(ports["http-query"]) },
      healthcheckv2: { use_v2: true, http: { ...on(healthPort), status: { enabled: true, path: "/status" } } },
    },
    receivers: {
      zipkin: on(ports["http-zipkin"]),
      otlp: { protocols: { grpc: on(ports["grpc-otlp"]), http: on(ports["http-otlp"]) } },
    },
    processors: { memory_limiter: memoryLimiter, batch: {} },
    exporters: { jaeger_storage_exporter: { trace_storage: "memory" } },
  };
}

/** @throws RunError that names each property and what to write. */
function assertTraceCollectorArgs({ settings: { maxTraces, image } = {} }: TraceCollectorArgs): void {
  const problems: string[] = [];
  if (maxTraces !== undefined && !(Number.isInteger(maxTraces) && maxTraces > 0 && maxTraces <= 1_000_000)) {
    problems.push(`settings.maxTraces: ${maxTraces} is no number of traces; write one from 1 to 1000000.`);
  }
  if (image !== undefined && !/^\S+(:[^:/\s]+|@sha256:[0-9a-f]{64})$/.test(image)) {
    problems.push(`settings.image: "${image}" names no version; write a tag or a digest, such as ${jaeger}.`);
  }
  if (problems.length > 0) throw new pulumi.RunError(problems.join("\n"));
}
