// What the package `aks-mesh` exports: the components with their arguments, one line for each. Importing it makes nothing.
export { AksCluster } from "./aks-cluster/aks-cluster";
export * from "./aks-cluster/args";
export * from "./aks-cluster/enums";
export * from "./application";
export * from "./feature-registration";
export * from "./flagger";
export * from "./istio-mesh/istio-mesh";
export type {
  IstioAccessLogSettings,
  IstioMeshSettings,
  IstioSidecarSettings,
  IstioTracingSettings,
} from "./istio-mesh/mesh-settings";
export * from "./kiali";
export * from "./mesh-authority";
export * from "./mesh-policies";
export * from "./namespace-isolation";
export * from "./objects-in-place";
export * from "./observability";
export * from "./open-service-mesh/open-service-mesh";
export type * from "./open-service-mesh/mesh-settings";
export * from "./request-autoscaling";
export * from "./service-mesh";
export type { Transform } from "./transform";
