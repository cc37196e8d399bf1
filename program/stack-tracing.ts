import { TraceCollector } from "../components/observability";
import { type StackDefinition } from "./definition";
import { type MeshCluster } from "./mesh-cluster";

/** What a stack's spans are kept by. */
interface StackTracingArgs {
  /** First part of the names of its resources. */
  readonly name: string;
  readonly definition: StackDefinition;
  readonly cluster: MeshCluster;
  /** Namespaces of the mesh. */
  readonly namespaces: readonly string[];
}

/** Namespaces of the gateways that the Istio add-on makes. */
const gatewayNamespaces = ["aks-istio-ingress", "aks-istio-egress"];

/** A Jaeger in the stack's own cluster, where its definition or its settings say so. */
export function stackTracing({ name, definition, cluster, namespaces }: StackTracingArgs): TraceCollector | undefined {
  const { tracing } = definition;
  const elsewhere = (tracing?.collector ?? "cluster") !== "cluster";
  if (tracing === undefined || elsewhere || cluster.clusterId === undefined) return undefined;
  const gateways = cluster.meshRevision === undefined ? [] : gatewayNamespaces;
  return new TraceCollector(
    `${name}-tracing`,
    { namespaces: [...namespaces, ...gateways], settings: tracing.cluster },
    cluster.options,
  );
}
