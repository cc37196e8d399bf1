export * from "../../cluster/keys";
export * from "./cluster";
export * from "./identity";
export * from "../../cluster/look-up";
export * from "./policies";
export * from "../../cluster/workloads";
export * from "./mesh-services";
