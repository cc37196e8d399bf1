export * from "./args";
export * from "./namespace-fence";
