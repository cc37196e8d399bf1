export * from "./request-autoscaling";
