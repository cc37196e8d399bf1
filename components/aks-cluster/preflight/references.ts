import { type ArmReader } from "../../arm/reader";
import { type ClusterSettings } from "../settings";
import { must, type Problem, quoted } from "../validation/problem";
import { type Plan, type Question, regionName } from "./question";

/** Something that the settings name and somebody else made. */
interface Reference {
  /** Path in the arguments. */
  readonly path: string;
  readonly id: string;
  /** What it is, for messages. */
  readonly kind: string;
  readonly apiVersion: string;
  /** Why it has to lie in the cluster's region; undefined where any will do. */
  readonly sameRegion?: string;
}

/** Whether what the settings name is there, and in the right region. */
export const references: Question = {
  subject: "what the settings name",
  async ask(plan) {
    const found = await Promise.all(referencesOf(plan.settings).map((reference) => problemsOf(reference, plan)));
    return { problems: found.flat() };
  },
};

async function problemsOf({ path, id, kind, apiVersion, sameRegion }: Reference, plan: Plan): Promise<Problem[]> {
  const { azure, location } = plan;
  const body = await azure.read(`Reading the ${kind} of ${path}`, id, apiVersion);
  if (body === undefined) {
    return must(false, path, `is ${quoted(id)}. There is no such ${kind}: make it first, or write another.`);
  }
  const where = await regionOf(id, body, azure);
  return must(
    sameRegion === undefined || where === undefined || where === location,
    path,
    `is ${quoted(id)} in ${where}, and the cluster is in ${location}: ${sameRegion}. Write a ${kind} in ${location}, or ` +
      `location ${where}.`,
  );
}

/** The region of a resource. A subnet's is that of its network. */
async function regionOf(id: string, body: unknown, azure: ArmReader): Promise<string | undefined> {
  const network = networkOf(id);
  const owner = network === undefined ? body : await azure.read("Reading the network of a subnet", network, networkApi);
  const { location } = (owner ?? {}) as { location?: string };
  return location === undefined ? undefined : regionName(location);
}

/** API version of networks and subnets. */
export const networkApi = "2024-05-01";

/** The id of a subnet's network; undefined where the id is no subnet's. */
export function networkOf(id: string): string | undefined {
  return /^(.*\/virtualNetworks\/[^/]+)\/subnets\/[^/]+$/i.exec(id)?.[1];
}

/** Those that are known before the engine runs. */
function referencesOf(settings: ClusterSettings): Reference[] {
  const { identity, kubeletIdentity, apiServer, network, security, monitoring, nodePools } = settings;
  const subnet = { kind: "subnet", apiVersion: networkApi, sameRegion: "nodes join networks of their own region" };
  const anIdentity = { kind: "user-assigned identity", apiVersion: "2023-01-31" };
  const zone = apiServer.privateDnsZone;
  const all: (Omit<Reference, "id"> & { readonly id: unknown })[] = [
    {
      path: "diskEncryptionSetId",
      id: settings.diskEncryptionSetId,
      kind: "disk encryption set",
      apiVersion: "2024-03-02",
      sameRegion: "disks are encrypted by sets of their own region",
    },
    {
      path: "monitoring.workspaceId",
      id: monitoring.workspaceId,
      kind: "Log Analytics workspace",
      apiVersion: "2023-09-01",
      sameRegion: monitoring.containerInsights
        ? "the data collection rule, made beside the cluster, writes to workspaces of its own region"
        : undefined,
    },
    { path: "network.nodeSubnetId", id: network.nodeSubnetId, ...subnet },
    { path: "apiServer.vnetIntegrationSubnetId", id: apiServer.vnetIntegrationSubnetId, ...subnet },
    ...nodePools.flatMap((pool, index) => [
      {
        path: `nodePools[${index}].subnetId`,
        id: pool.subnetId === network.nodeSubnetId ? undefined : pool.subnetId,
        ...subnet,
      },
      { path: `nodePools[${index}].podSubnetId`, id: pool.podSubnetId, ...subnet },
    ]),
    { path: "identity.resourceId", id: identity.resourceId, ...anIdentity },
    { path: "kubeletIdentity.resourceId", id: kubeletIdentity?.resourceId, ...anIdentity },
    {
      path: "security.kms.keyVaultResourceId",
      id: security.kms?.keyVaultResourceId,
      kind: "key vault",
      apiVersion: "2023-07-01",
    },
    {
      path: "istio.certificateAuthority.keyVaultId",
      id: settings.istio?.certificateAuthority?.keyVaultId,
      kind: "key vault",
      apiVersion: "2023-07-01",
    },
    {
      path: "apiServer.privateDnsZone",
      id: zone === "system" || zone === "none" ? undefined : zone,
      kind: "private DNS zone",
      apiVersion: "2020-06-01",
    },
  ];
  return all.flatMap((reference) => {
    const { id } = reference;
    return typeof id === "string" ? [{ ...reference, id }] : [];
  });
}
