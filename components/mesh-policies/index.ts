export type { AccessMatrix } from "./access-matrix";
export * from "./args";
export * from "./container-insights";
export * from "./mesh-policies";
