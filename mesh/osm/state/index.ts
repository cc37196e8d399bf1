export * from "./cluster";
export * from "./identity";
export * from "./policies";
export * from "./workloads";
export * from "./mesh-services";
