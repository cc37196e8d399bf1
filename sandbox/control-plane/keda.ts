import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { parseAllDocuments } from "yaml";
import { type ApiClient, type KubernetesObject } from "./api-client";
import { ensureDefinitions } from "./custom-resources";
import { place, type PlacedObject } from "./placed-object";
import { portsIn } from "./ports";
import { type ServiceRoutes } from "./service-routes";

/** Where AKS has it. */
export const kedaNamespace = "kube-system";

/** Name of the Deployment and of the Service by which Kubernetes asks for metrics. */
export const kedaMetricsServer = "keda-operator-metrics-apiserver";

/** KEDA of one control plane: its kinds and what its installation makes. Its programs run where somebody runs them, see `traffic --metrics`. */
export interface Keda {
  /** Installs it, or takes it away again; idempotent. Custom resource definitions stay. */
  set(enabled: boolean): Promise<void>;
  /** Continues where an earlier process of ours has installed it. */
  resume(): Promise<void>;
}

/** @param manifests folder with what KEDA's installation makes. */
export function keda(api: ApiClient, directory: string, manifests: string, routes: ServiceRoutes): Keda {
  const service = `/api/v1/namespaces/${kedaNamespace}/services/${kedaMetricsServer}`;
  const resume = async (): Promise<void> => {
    const found = await api.find<{ readonly spec: { readonly clusterIP: string } }>(service);
    if (found === undefined) return;
    const { adapter } = await kedaPorts(directory);
    await routes.set("keda", { [`${found.spec.clusterIP}:443`]: adapter });
  };
  return {
    resume,
    async set(enabled) {
      // Most clusters never have it, and their manifests take a while to be read.
      if (!enabled && (await api.find(service)) === undefined) return;
      const objects = (
        await Promise.all(["account", "operator", "metrics-server"].map((one) => kedaObjects(manifests, one)))
      ).flat();
      if (!enabled) {
        await Promise.all(objects.map((one) => api.remove(one.path)));
        return;
      }
      const definitions = await kedaObjects(manifests, "definitions");
      await ensureDefinitions(
        api,
        "KEDA",
        definitions.map(({ object }) => object),
        new AbortController().signal,
      );
      await Promise.all(objects.map(({ path, object }) => api.apply(path, object)));
      await resume();
    },
  };
}

/** What a ScaledJob says of its pods: everything that a pod can, which would make the API server of each cluster a third larger. What stands there is taken as it is. */
const jobTemplate = /^( +)jobTargetRef:\n(?:\1 .*\n|\n)+/m;

/** Pods of add-ons run on the system pool where it has room, and bear its taint. */
const onSystemPool = {
  tolerations: [{ key: "CriticalAddonsOnly", operator: "Exists" }],
  affinity: {
    nodeAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 100,
          preference: {
            matchExpressions: [{ key: "kubernetes.azure.com/mode", operator: "In", values: ["system"] }],
          },
        },
      ],
    },
  },
};

/** What a folder of KEDA's installation says, where AKS has it: in another namespace, on the system pool, and the metrics server by another name. */
export async function kedaObjects(manifests: string, folder: string): Promise<readonly PlacedObject[]> {
  const directory = path.join(manifests, folder);
  const texts = await Promise.all(
    (await readdir(directory)).sort().map((file) => readFile(path.join(directory, file), "utf8")),
  );
  return texts.flatMap((text) =>
    parseAllDocuments(
      text
        .replaceAll(/\bnamespace: keda$/gm, `namespace: ${kedaNamespace}`)
        .replaceAll(/\bkeda-metrics-apiserver$/gm, kedaMetricsServer)
        .replace(jobTemplate, "$1jobTargetRef: { type: object, x-kubernetes-preserve-unknown-fields: true }\n")
        .replace(/^( +)nodeSelector:$/m, (line, indent: string) =>
          [
            ...Object.entries(onSystemPool).map(([key, value]) => `${indent}${key}: ${JSON.stringify(value)}`),
            line,
          ].join("\n"),
        ),
    ).map((document) => place(document.toJS() as KubernetesObject)),
  );
}

const portNames = ["adapter", "adapterMetrics", "operatorHealth", "operatorMetrics", "metricsService"] as const;

/** Where KEDA's programs listen, on loopback. */
export function kedaPorts(directory: string): Promise<Readonly<Record<(typeof portNames)[number], number>>> {
  return portsIn(path.join(directory, "ports-keda.json"), portNames);
}
