export * from "./args";
export * from "./namespace-isolation";
export { peersPolicy } from "./peers-policy";
