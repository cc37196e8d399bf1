import { type PodState, type ServiceState } from "./workloads";

/** A pod that no object shows: ready, without an address yet, and not known to run. */
export function assumedPod(
  pod: Pick<PodState, "namespace" | "name" | "labels" | "serviceAccount"> & Partial<Pick<PodState, "annotations">>,
): PodState {
  const { namespace, name, labels, annotations = {}, serviceAccount } = pod;
  return {
    ...{ namespace, name, labels, annotations, serviceAccount },
    ips: [],
    hostname: "",
    subdomain: "",
    ready: true,
    hostNetwork: false,
    running: false,
    assumed: true,
    namedPorts: [],
    initContainers: [],
    containerUsers: [],
  };
}

/** A Service that no object shows, without an address yet. */
export function assumedService(
  service: Pick<ServiceState, "namespace" | "name" | "selector" | "ports"> & Partial<Pick<ServiceState, "exposed">>,
): ServiceState {
  const { namespace, name, selector, ports, exposed = false } = service;
  return {
    ...{ namespace, name, selector, ports, exposed },
    annotations: {},
    clusterIp: "",
    externalName: undefined,
    publishNotReady: false,
    created: "",
    assumed: true,
  };
}
