export * from "./cluster";
export * from "./identity";
export * from "./look-up";
export * from "./policies";
export * from "./workloads";
export * from "./mesh-services";
