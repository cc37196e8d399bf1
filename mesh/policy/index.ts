export * from "./compile";
export * from "./model";
export * from "./parse";
