export { accountLabel, assumedCluster } from "./assumed-cluster";
export { guaranteesOf } from "./guarantees";
export * from "./model";
export { PolicyError } from "./names";
export * from "./settings";
