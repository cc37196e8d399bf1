export * from "./args";
export * from "./enums";
export { AksCluster } from "./aks-cluster";
export { askAzure, type IstioPlan } from "./preflight";
