import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { controlPlaneFolder } from "../arm/control-plane-folder";
import { type ApiClient, apiClient, poll } from "../control-plane/api-client";
import { layout } from "../control-plane/cluster-processes";
import { istiodDiscovery, istiodMetrics } from "../control-plane/istio";
import { ensurePorts } from "../control-plane/ports";
import { UserError } from "../progress";
import { pulumi, type Sandbox } from "../sandbox";
import { type MeshName } from "./analysis";
import { type Discovery } from "./world";

/** A stack's cluster as the sandbox itself sees it: as whoever runs the control plane, not as a user of it. */
export interface StackCluster {
  /** Its id in Azure. */
  readonly id: string;
  readonly api: ApiClient;
  readonly mesh: MeshName;
  /** Where the real osm-controller, or istiod, serves sidecars their configuration. */
  readonly discovery: Discovery;
  /** The same, and of both where one mesh follows the other. */
  readonly currentDiscovery: () => Promise<Discovery>;
  /** Where the pods of the mesh's control plane serve their metrics. */
  readonly metrics: readonly MetricsPort[];
  /** Where the control plane keeps its files. */
  readonly directory: string;
  /** Path of a kubeconfig of its administrator. */
  readonly kubeconfig: string;
}

/** A port of simulated pods behind which a program of this machine serves. */
export interface MetricsPort {
  readonly namespace: string;
  /** The pods' labels. */
  readonly labels: Readonly<Record<string, string>>;
  readonly port: number;
  /** The program's port on this machine's loopback. */
  readonly loopback: number;
}

/** How long a cluster may take to run after a start of the sandbox. */
const startSeconds = 60;

/** @throws UserError where the stack has no cluster. */
export async function stackCluster(sandbox: Sandbox, stack: string): Promise<StackCluster> {
  const { code, stdout, stderr } = await pulumi(sandbox, ["stack", "output", "--json", "--stack", stack]);
  const outputs = code === 0 ? (JSON.parse(stdout) as Readonly<Record<string, unknown>>) : {};
  const { clusterName, resourceGroupName } = outputs;
  if (typeof clusterName !== "string" || typeof resourceGroupName !== "string") {
    throw new UserError(`Stack "${stack}" has no cluster yet; \`npm run sandbox\` makes one. ${stderr}`.trim());
  }
  return await clusterNamed(sandbox, resourceGroupName, clusterName);
}

/** A cluster by its names in Azure, see {@link stackCluster}. */
export async function clusterNamed(
  sandbox: Sandbox,
  resourceGroupName: string,
  clusterName: string,
): Promise<StackCluster> {
  const end = `/resourcegroups/${resourceGroupName}/providers/microsoft.containerservice/managedclusters/${clusterName}`;
  // After a start of the sandbox its clusters take a few seconds.
  const { id, server } = await poll(`cluster ${clusterName} runs`, startSeconds, async () => {
    const status = (await sandbox.emulator.control("GET", "status")) as {
      readonly clusters: readonly { readonly id: string; readonly server?: string }[];
    };
    const cluster = status.clusters.find((one) => one.id.toLowerCase().endsWith(end.toLowerCase()));
    return cluster?.server === undefined ? undefined : { id: cluster.id, server: cluster.server };
  });
  const directory = join(sandbox.paths.directory, "clusters", controlPlaneFolder(id, clusterName));
  const files = layout(directory);
  const [ca, cert, key, ports] = await Promise.all([
    readFile(files.ca, "utf8"),
    readFile(files.certificate("admin"), "utf8"),
    readFile(files.key("admin"), "utf8"),
    ensurePorts(directory),
  ]);
  const istiod = await istiodDiscovery(directory);
  const mesh = Object.keys(istiod).length > 0 ? "istio" : "osm";
  const osm = { "osm-controller.kube-system:15128": ports["osm-controller-xds"] };
  const osmMetrics = (["osm-controller", "osm-injector"] as const).map((app) => ({
    ...{ namespace: "kube-system", labels: { app }, port: 9091, loopback: ports[`${app}-http`] },
  }));
  const istioMetrics = Object.entries(await istiodMetrics(directory)).map(([revision, loopback]) => ({
    ...{ namespace: "aks-istio-system", labels: { app: "istiod", "istio.io/rev": revision }, port: 15014, loopback },
  }));
  return {
    id,
    api: apiClient(server, { ca, cert, key }),
    mesh,
    discovery: mesh === "istio" ? istiod : osm,
    currentDiscovery: async () => ({ ...osm, ...(await istiodDiscovery(directory)) }),
    metrics: mesh === "istio" ? istioMetrics : osmMetrics,
    directory,
    kubeconfig: files.kubeconfig("admin"),
  };
}
