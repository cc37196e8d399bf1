export { Application, type ApplicationOptions } from "./application";
export * from "./args";
