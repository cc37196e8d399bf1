export * from "./onboarding";
export * from "./service-mesh";
