/** A typed base for Pulumi resource providers: see provider.ts for what a provider is, serve.ts for how to run one. */
export { ResourceInitializationError, type PartialState } from "./errors";
export { formatPropertyPath, type PropertyPath } from "./property-path";
export * from "./property-value";
export type * from "./provider";
export { runProviderPlugin, serveProvider, type ServedProvider } from "./serve";
