export * from "./istio-mesh";
export * from "./mesh-settings";
