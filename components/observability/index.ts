export * from "./args";
export type { AlertThresholds } from "./alerts";
export * from "./observability";
export * from "./trace-collector";
