export * from "./args";
export * from "./namespace-isolation";
