export { accountLabel, assumedCluster } from "./assumed-cluster";
export { type HeaderRoute } from "./header-routes";
export { guaranteesOf } from "./guarantees";
export * from "./model";
export { PolicyError } from "./names";
export * from "./settings";
