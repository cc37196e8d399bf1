import { previewOf } from "../../program/previews/prefix";
import { type Address, type PreviewReport } from "../report";

/** Addresses whose commands are written. */
const mostOpened = 3;
/** The first port on one's own machine. */
const firstPort = 8080;

/**
 * What a person types to look at addresses that answer inside the cluster alone. Made from checked values: people copy it into a shell, and the
 * job that ran the pull request's code said the addresses.
 */
export function openingCommands({ pullRequest, kind, addresses, cluster }: PreviewReport): readonly string[] {
  const forwards = addresses.flatMap(
    (address) => forwarded(address, kind === "shared" ? pullRequest : undefined) ?? [],
  );
  if (forwards.length === 0 || cluster === undefined) return [];
  const { resourceGroupName, clusterName } = cluster;
  return [
    `az aks get-credentials --resource-group ${resourceGroupName} --name ${clusterName}`,
    ...forwards.slice(0, mostOpened).map(({ namespace, service, port }, index) => {
      const own = String(firstPort + index);
      return `kubectl port-forward --namespace ${namespace} service/${service} ${own}:${port} # http://localhost:${own}`;
    }),
  ];
}

interface Forward {
  readonly namespace: string;
  readonly service: string;
  readonly port: string;
}

const insideCluster =
  /^http:\/\/([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\.([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\.svc\.cluster\.local:(\d{1,5})\/?$/;

/** @param pullRequest whose namespaces it has to be in; undefined where the whole cluster is the preview's. */
function forwarded({ url }: Address, pullRequest: number | undefined): Forward | undefined {
  const [, service, namespace, port] = insideCluster.exec(url) ?? [];
  if (service === undefined || namespace === undefined || port === undefined) return undefined;
  if (pullRequest !== undefined && previewOf(namespace) !== pullRequest) return undefined;
  return { namespace, service, port };
}
