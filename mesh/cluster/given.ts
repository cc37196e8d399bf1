import { type KubernetesObject } from "../manifests";
import { keep, reportTwice } from "../manifests/keep";
import { type Reader } from "../manifests/reader";
import { contourGroup, type IngressState, readGatewayRoute, readHttpProxy, readIngressObject } from "./ingresses";
import {
  type EndpointsState,
  type NamespaceState,
  type PodState,
  readEndpoints,
  readNamespace,
  readPod,
  readService,
  readWorkload,
  type ServiceState,
  workloadKinds,
  type WorkloadState,
} from "./workloads";

/** What objects of Kubernetes itself tell of a cluster, before anything is assumed. */
export interface GivenObjects {
  readonly namespaces: Map<string, NamespaceState>;
  readonly pods: Map<string, PodState>;
  readonly workloads: Map<string, WorkloadState>;
  readonly services: Map<string, ServiceState>;
  readonly endpoints: Map<string, EndpointsState>;
  /** ServiceAccount objects, `namespace/name`. */
  readonly accounts: Set<string>;
  /** By kind and `namespace/name`. */
  readonly ingressObjects: Map<string, IngressState>;
}

export function nothingGiven(): GivenObjects {
  return {
    namespaces: new Map(),
    pods: new Map(),
    workloads: new Map(),
    services: new Map(),
    endpoints: new Map(),
    accounts: new Set(),
    ingressObjects: new Map(),
  };
}

/**
 * Reads an object of Kubernetes itself; false for another.
 *
 * @param key `namespace/name`.
 */
export function readGiven(object: KubernetesObject, key: string, reader: Reader, given: GivenObjects): boolean {
  switch (object.kind) {
    case "Ingress":
      if (object.apiVersion !== "networking.k8s.io/v1") return false;
      keep(given.ingressObjects, `Ingress ${key}`, reader, readIngressObject(reader));
      return true;
    case "HTTPProxy":
      if (!object.apiVersion.startsWith(`${contourGroup}/`)) return false;
      keep(given.ingressObjects, `HTTPProxy ${key}`, reader, readHttpProxy(reader));
      return true;
    case "GRPCRoute":
    case "HTTPRoute":
      if (!object.apiVersion.startsWith("gateway.networking.k8s.io/")) return false;
      keep(given.ingressObjects, `${object.kind} ${key}`, reader, readGatewayRoute(reader));
      return true;
    case "Namespace":
      keep(given.namespaces, object.metadata.name, reader, readNamespace(reader));
      return true;
    case "ServiceAccount":
      if (given.accounts.has(key)) reportTwice(reader);
      given.accounts.add(key);
      return true;
    case "Pod":
      keep(given.pods, key, reader, readPod(reader));
      return true;
    case "Service":
      if (object.apiVersion !== "v1") return false;
      keep(given.services, key, reader, readService(reader));
      return true;
    case "Endpoints":
      keep(given.endpoints, key, reader, readEndpoints(reader));
      return true;
    default:
      if (!workloadKinds.has(object.kind)) return false;
      keep(given.workloads, `${object.kind} ${key}`, reader, readWorkload(reader));
      return true;
  }
}
