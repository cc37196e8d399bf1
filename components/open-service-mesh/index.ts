export * from "./mesh-ready";
export * from "./mesh-settings";
export * from "./open-service-mesh";
