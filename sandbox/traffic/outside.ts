import { type KubernetesObject } from "../control-plane/api-client";
import { type Call } from "../data-plane/runner";
import { type AskedCall } from "./analysis";
import { type ClusterObjects } from "./objects";

/** A namespace that no cluster of the sandbox has; its pods are outside of the mesh. */
const namespace = "outside-of-the-mesh";
const account = "caller";

/** Who calls from outside, to the analysis. */
export const outsideAccount = `${namespace}/${account}`;

/** A call from outside the mesh: as it is asked about, and as it is made. */
export interface OutsideCall {
  readonly asked: AskedCall;
  readonly made: Call;
  /** Key of the pod that makes it. Default: from outside the mesh. */
  readonly by?: string;
}

/** For the analysis: somebody outside the mesh. */
export const outsideObjects: readonly KubernetesObject[] = [
  { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: account, namespace },
    spec: { serviceAccountName: account, containers: [{ name: "app", image: "none" }] },
    status: { phase: "Running", podIP: "198.51.100.1" },
  },
];

/**
 * The same call, made from outside the mesh in plain text: to a pod of the Service, as kube-proxy would lead it.
 * @returns nothing where the Service has no pod.
 */
export function fromOutside(call: Call, { endpoints }: ClusterObjects): OutsideCall | undefined {
  const [host = "", port] = call.to.split(":");
  const [name, inNamespace] = host.split(".");
  const subset = endpoints
    .find(({ metadata }) => metadata.name === name && metadata.namespace === inNamespace)
    ?.subsets?.find(({ addresses = [], ports = [] }) => addresses.length > 0 && ports.length > 0);
  const address = subset?.addresses?.[0]?.ip;
  if (subset === undefined || address === undefined) return undefined;
  const target = subset.ports?.find((one) => String(one.port) === port) ?? subset.ports?.[0];
  return {
    asked: { ...call, from: outsideAccount },
    made: { ...call, host: call.host ?? call.to, to: `${address}:${String(target?.port ?? port)}` },
  };
}
