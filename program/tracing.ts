import { RunError } from "@pulumi/pulumi";
import { clusterCollector, type TraceCollectorSettings } from "../components/observability";
import { type StackDefinition } from "./definition";

/** Where a stack's sidecars send spans, and of how many requests. */
export interface TracingSettings {
  /** `cluster` is a Jaeger in the cluster; else the address of one's own that takes spans in Zipkin's format, see {@link collectorAt}. Default `cluster`. */
  readonly collector?: string;
  /** Percent of the requests, above 0 and up to 100; of Istio alone: Open Service Mesh traces all. Default 100. */
  readonly samplingPercentage?: number;
  /** Of a Jaeger in the cluster. */
  readonly cluster?: TraceCollectorSettings;
}

/** Where spans in Zipkin's format are taken. */
interface ZipkinCollector {
  readonly address: string;
  readonly port: number;
  /** The path of it. */
  readonly endpoint: string;
}

/** The largest port that MeshConfig takes: it is kept as a signed number of 16 bits. */
const largestOsmPort = 32_767;

/**
 * Reads the address of a collector.
 *
 * @throws RunError where sidecars of the mesh could not send spans there.
 */
export function collectorAt(text: string, mesh: "osm" | "istio"): ZipkinCollector {
  const example = "write one such as http://zipkin.tracing.svc.cluster.local:9411/api/v2/spans";
  const refuse = (why: string) => new RunError(`aks-mesh:tracing is "${text}": ${why}.`);
  if (!URL.canParse(text))
    throw refuse(`write off, cluster or the address of a collector, ${example.slice("write ".length)}`);
  const { protocol, hostname, port, pathname, username, search, hash } = new URL(text);
  if (protocol !== "http:") throw refuse(`sidecars send spans by plain HTTP; ${example}`);
  if (username !== "" || search !== "" || hash !== "")
    throw refuse(`an address of host, port and path is taken alone; ${example}`);
  const endpoint = pathname === "/" ? clusterCollector.endpoint : pathname;
  if (mesh === "istio" && endpoint !== clusterCollector.endpoint) {
    throw refuse(`Istio sends spans to the path ${clusterCollector.endpoint} alone; ${example}`);
  }
  const number = port === "" ? 80 : Number(port);
  if (mesh === "osm" && number > largestOsmPort) {
    throw refuse(
      `Open Service Mesh takes ports up to ${largestOsmPort}; have the collector's Service listen on a lower one`,
    );
  }
  return { address: hostname, port: number, endpoint };
}

/**
 * A definition whose mesh sends spans as its tracing says.
 *
 * @throws RunError where that contradicts what the mesh is set to, or the mesh cannot do it.
 */
export function withTracing(definition: StackDefinition, mesh: "osm" | "istio"): StackDefinition {
  const { tracing, mesh: osm, istio } = definition;
  if (tracing === undefined) return definition;
  const { collector = "cluster", samplingPercentage, cluster } = tracing;
  if (collector !== "cluster" && cluster !== undefined) {
    throw new RunError(`tracing.cluster: is for a Jaeger in the cluster; write collector: "cluster", or take it out.`);
  }
  const to = collector === "cluster" ? clusterCollector : collectorAt(collector, mesh);
  if (mesh === "osm") {
    if (samplingPercentage !== undefined) {
      throw new RunError("tracing.samplingPercentage: Open Service Mesh traces every request; take it out.");
    }
    if (osm.observability?.tracing !== undefined) throw new RunError(twice("mesh.observability.tracing"));
    return { ...definition, mesh: { ...osm, observability: { ...osm.observability, tracing: { ...to } } } };
  }
  if (istio?.settings?.tracing !== undefined) throw new RunError(twice("istio.settings.tracing"));
  const address = `${to.address}:${to.port}`;
  return {
    ...definition,
    istio: { ...istio, settings: { ...istio?.settings, tracing: { address, samplingPercentage } } },
  };
}

function twice(path: string): string {
  return `${path}: the stack's tracing says where spans go; take one of both out, this or tracing.`;
}
