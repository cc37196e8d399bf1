export { type ArmServer, type ArmServerOptions, startArmServer } from "./server";
export { type ClusterBackend, type ClusterSpec } from "./cluster-backend";
export { type CertificateFiles, ensureCertificate } from "./certificates";
export { ensureIdentity, type FederatedCredential, type Identity } from "./identity";
export { faultDescriptions, type FaultName, faultNames } from "./faults";
export { type LatencyProfile, parseLatency, quickLatency, realisticLatency } from "./latency";
export { type Settings } from "./settings";
export { createPlaceholderBackend, type PlaceholderBackend } from "./placeholder-backend";
