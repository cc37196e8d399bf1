export * from "./object";
export * from "./parse";
export * from "./position";
