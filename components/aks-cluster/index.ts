export * from "./args";
export * from "./enums";
export { AksCluster } from "./aks-cluster";
export { staticGatewayConfigurations } from "./egress-gateways";
export { askAzure, type IstioPlan } from "./preflight";
