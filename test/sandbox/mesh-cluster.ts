import { expect } from "vitest";
import { type KubernetesObject } from "../../mesh/manifests";
import { type ApiClient } from "../../sandbox/control-plane/api-client";
import { type Sandbox } from "../../sandbox/sandbox";
import { clusterNamed, type StackCluster } from "../../sandbox/traffic/cluster";
import { type TrafficReport } from "../../sandbox/traffic/report";
import { type Traffic } from "../../sandbox/traffic/traffic";
import { arm } from "./azure";
import { until } from "./until";

/** Makes a cluster in the resource group `mesh`, with one node and these properties. */
export async function makeCluster(sandbox: Sandbox, name: string, properties: object): Promise<StackCluster> {
  const path = `/resourceGroups/mesh/providers/Microsoft.ContainerService/managedClusters/${name}?api-version=2025-09-01`;
  const { status, body } = await arm(sandbox, "PUT", path, {
    location: "westeurope",
    identity: { type: "SystemAssigned" },
    properties: {
      dnsPrefix: name,
      agentPoolProfiles: [{ name: "system", mode: "System", count: 1, vmSize: "Standard_D4s_v5" }],
      ...properties,
    },
  });
  expect(status, JSON.stringify(body)).toBeLessThan(300);
  await until(async () => {
    const { body } = await arm(sandbox, "GET", path);
    const { provisioningState } = (body as { properties: { provisioningState: string } }).properties;
    expect(provisioningState).not.toBe("Failed");
    return provisioningState === "Succeeded" ? true : undefined;
  });
  return await clusterNamed(sandbox, "mesh", name);
}

/** Waits until Istio's injector of a revision serves. */
export async function istioInjects(api: ApiClient, revision: string): Promise<void> {
  const path = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/istio-sidecar-injector-${revision}-aks-istio-system`;
  await until(async () => {
    const found = await api.find<{ webhooks: { clientConfig: { caBundle?: string } }[] }>(path);
    return found?.webhooks.every(({ clientConfig }) => clientConfig.caBundle) ? true : undefined;
  });
}

/** Applies the namespaces among the objects, then settings by their paths, then the other objects. */
export async function applyBetween(
  api: ApiClient,
  objects: readonly KubernetesObject[],
  settings: readonly (readonly [path: string, object: object])[],
): Promise<void> {
  const isNamespace = ({ kind }: KubernetesObject): boolean => kind === "Namespace";
  for (const object of objects.filter(isNamespace)) await api.apply(pathOf(object), object);
  for (const [path, object] of settings) await api.apply(path, object);
  for (const object of objects.filter((one) => !isNamespace(one))) await api.apply(pathOf(object), object);
}

function pathOf({ kind, metadata: { name, namespace } }: KubernetesObject): string {
  if (kind === "Namespace") return `/api/v1/namespaces/${name}`;
  const api = kind === "Deployment" ? "/apis/apps/v1" : "/api/v1";
  return `${api}/namespaces/${namespace}/${kind.toLowerCase()}s/${name}`;
}

/** How bookbuyer's own calls have ended since its pods run. */
export async function bookbuyersEnds(traffic: Traffic): Promise<Readonly<Record<string, number>>> {
  const { pairs, problems }: TrafficReport = await until(() => traffic.look());
  expect(problems).toEqual([]);
  return pairs.find(({ caller }) => caller === "bookbuyer/bookbuyer")?.ends ?? {};
}
