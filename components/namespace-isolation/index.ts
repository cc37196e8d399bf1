export * from "./args";
export * from "./namespace-isolation";
export { isolationName, peersPolicy } from "./peers-policy";
