import { CustomObjectsApi, KubeConfig } from "@kubernetes/client-node";
import type { KubernetesListObject, KubernetesObject as WatchedObject } from "@kubernetes/client-node";
import { type ApiClient, type KubernetesObject } from "./api-client";
import { ensureDefinitions, missingDefinitions } from "./custom-resources";
import { prefixSizeAnnotation } from "./nodes";
import { watchAll, type Watch } from "./watch";

const group = "egressgateway.kubernetes.azure.com";
const version = "v1alpha1";
const plural = "staticgatewayconfigurations";

/** The custom resource definition, with the fields of kube-egress-gateway's own (helm/kube-egress-gateway/crds/crds.yaml). */
const definition: KubernetesObject & { readonly spec: object } = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.${group}` },
  spec: {
    group,
    scope: "Namespaced",
    names: {
      kind: "StaticGatewayConfiguration",
      listKind: "StaticGatewayConfigurationList",
      plural,
      singular: "staticgatewayconfiguration",
    },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              apiVersion: { type: "string" },
              kind: { type: "string" },
              metadata: { type: "object" },
              spec: {
                type: "object",
                required: ["provisionPublicIps"],
                properties: {
                  defaultRoute: {
                    type: "string",
                    enum: ["azureNetworking", "staticEgressGateway"],
                    default: "staticEgressGateway",
                  },
                  excludeCidrs: { type: "array", items: { type: "string" } },
                  gatewayNodepoolName: { type: "string" },
                  gatewayVmssProfile: {
                    type: "object",
                    properties: {
                      publicIpPrefixSize: { type: "integer", format: "int32", minimum: 0, maximum: 31 },
                      vmssName: { type: "string" },
                      vmssResourceGroup: { type: "string" },
                    },
                  },
                  provisionPublicIps: { type: "boolean", default: true },
                  publicIpPrefixId: { type: "string" },
                },
              },
              status: { type: "object", properties: { egressIpPrefix: { type: "string" } } },
            },
          },
        },
      },
    ],
  },
};

/** A StaticGatewayConfiguration as far as it is read here. */
interface Configuration extends WatchedObject {
  readonly spec?: { readonly gatewayNodepoolName?: string; readonly publicIpPrefixId?: string };
  readonly status?: { readonly egressIpPrefix?: string };
}

/** Static Egress Gateway of one control plane. */
export interface StaticEgressGateway {
  /** Installs it, and begins to give addresses. */
  enable(): Promise<void>;
  /** Continues where an earlier process of ours has installed it. */
  resume(): Promise<void>;
  /** Nodes have come or gone: configurations may have waited for them. */
  nodesChanged(): void;
  stop(): Promise<void>;
}

/** Where addresses of prefixes come from: a range for documentation. Nothing leaves by them. */
const addresses = { network: "192.0.2.", count: 256 } as const;

/**
 * The first prefix of a length that overlaps none of those that are taken, such as `192.0.2.2/31`.
 *
 * @throws Error where the sandbox's range has no room for another.
 */
export function freePrefix(size: number, taken: readonly string[]): string {
  const length = 2 ** (32 - size);
  const ranges = taken.map((prefix) => {
    const [, start = "", bits = ""] = /\.(\d+)\/(\d+)$/.exec(prefix) ?? [];
    return { start: Number(start), end: Number(start) + 2 ** (32 - Number(bits)) };
  });
  for (let start = 0; start + length <= addresses.count; start += length) {
    if (ranges.every((range) => start >= range.end || start + length <= range.start)) {
      return `${addresses.network}${start}/${size}`;
    }
  }
  throw new Error(`the sandbox has no ${length} public addresses left for a StaticGatewayConfiguration`);
}

/** What stands in for AKS's kube-egress-gateway: configurations whose pool has nodes get a prefix. Pods leave as all others do. */
export function staticEgressGateway(
  api: ApiClient,
  kubeconfig: string,
  log: (line: string) => void,
): StaticEgressGateway {
  let watch: Watch | undefined;
  const start = (): void => {
    const config = new KubeConfig();
    config.loadFromString(kubeconfig);
    const objects = config.makeApiClient(CustomObjectsApi);
    watch ??= watchAll<Configuration>(
      config,
      `/apis/${group}/${version}/${plural}`,
      async () =>
        (await objects.listCustomObjectForAllNamespaces({
          group,
          version,
          plural,
        })) as KubernetesListObject<Configuration>,
      (configurations) => giveAddresses(api, configurations),
      log,
      "static egress gateway",
    );
  };
  return {
    async enable() {
      await ensureDefinitions(api, "Static Egress Gateway", [definition], new AbortController().signal);
      start();
    },
    async resume() {
      if ((await missingDefinitions(api, [definition])).length === 0) start();
    },
    nodesChanged: () => watch?.again(),
    stop: async () => watch?.stop(),
  };
}

async function giveAddresses(api: ApiClient, configurations: readonly Configuration[]): Promise<void> {
  const waiting = configurations.filter(({ status }) => status?.egressIpPrefix === undefined);
  if (waiting.length === 0) return;
  const sizes = new Map(
    (await api.list("/api/v1/nodes")).flatMap(({ metadata: { labels = {}, annotations = {} } }) => {
      const size = annotations[prefixSizeAnnotation];
      return size === undefined ? [] : [[labels["agentpool"] ?? "", Number(size)] as const];
    }),
  );
  const taken = configurations.flatMap(({ status }) => status?.egressIpPrefix ?? []);
  for (const { metadata, spec } of waiting) {
    const size = sizes.get(spec?.gatewayNodepoolName ?? "");
    if (size === undefined) continue;
    const egressIpPrefix = freePrefix(size, taken);
    taken.push(egressIpPrefix);
    const path = `/apis/${group}/${version}/namespaces/${metadata?.namespace ?? ""}/${plural}/${metadata?.name ?? ""}/status`;
    await api.mergePatch(path, { status: { egressIpPrefix } });
  }
}
