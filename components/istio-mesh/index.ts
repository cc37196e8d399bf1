export * from "./istio-mesh";
export * from "./mesh-settings";
export { type StaticGatewayConfiguration } from "./static-gateway-configuration";
