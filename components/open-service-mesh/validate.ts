import { RunError } from "@pulumi/pulumi";
import { admit, advice, type ObjectFinding } from "../../mesh";
import { isDnsLabel } from "../../mesh/manifests/names";
import { osmKinds } from "../../mesh/osm/kinds";
import { meshConfigSpec, type MeshSettings } from "./mesh-settings";

/** Where each part of a MeshConfig comes from, longest first. */
const origins: readonly (readonly [string, string])[] = [
  ["spec.traffic.enablePermissiveTrafficPolicyMode", "permissiveMode"],
  ["spec.traffic.enableEgress", "egress"],
  ["spec.traffic.outboundIPRangeExclusionList", "outboundIpRangeExclusions"],
  ["spec.traffic.outboundIPRangeInclusionList", "outboundIpRangeInclusions"],
  ["spec.traffic.outboundPortExclusionList", "outboundPortExclusions"],
  ["spec.traffic.inboundPortExclusionList", "inboundPortExclusions"],
  ["spec.traffic.networkInterfaceExclusionList", "networkInterfaceExclusions"],
  ["spec.traffic.inboundExternalAuthorization", "externalAuthorization"],
  ["spec.certificate.serviceCertValidityDuration", "certificate.validityDuration"],
  ["spec.certificate.certKeyBitSize", "certificate.keyBitSize"],
  ["spec.certificate.ingressGateway.secret.namespace", "certificate.ingressGateway.secretNamespace"],
  ["spec.certificate.ingressGateway.secret.name", "certificate.ingressGateway.secretName"],
  ["spec.observability.osmLogLevel", "observability.logLevel"],
  ["spec.observability.enableDebugServer", "observability.debugServer"],
  ["spec.sidecar.enablePrivilegedInitContainer", "sidecar.privilegedInitContainer"],
  ["spec.sidecar.resources.requests", "sidecar.resourceRequests"],
  ["spec.sidecar.resources.limits", "sidecar.resourceLimits"],
  ["spec.featureFlags.enableRetryPolicy", "features.retryPolicy"],
  ["spec.featureFlags.enableEgressPolicy", "features.egressPolicy"],
  ["spec.featureFlags.enableIngressBackendPolicy", "features.ingressBackendPolicy"],
  ["spec.featureFlags.enableWASMStats", "features.wasmStats"],
  ["spec.featureFlags.enableEnvoyActiveHealthChecks", "features.envoyActiveHealthChecks"],
  ["spec.featureFlags.enableSnapshotCacheMode", "features.snapshotCacheMode"],
  ["spec.featureFlags.enableAsyncProxyServiceMapping", "features.asyncProxyServiceMapping"],
  ["spec.", ""],
];

/** A finding about the MeshConfig as one about the setting that it comes from. */
function settingProblem(finding: ObjectFinding): string {
  const [from, to] = origins.find(([prefix]) => finding.path.startsWith(prefix)) ?? ["", ""];
  return `settings.${to}${finding.path.slice(from.length)}: ${advice(finding)}`;
}

/**
 * Checks the arguments of OpenServiceMesh.
 *
 * @throws Error that names each property and what to write.
 */
export function assertMeshSettings(args: { namespace: string; settings: MeshSettings; timeoutSeconds: number }): void {
  const problems: string[] = [];
  if (!isDnsLabel(args.namespace)) {
    problems.push(`namespace: "${args.namespace}" is no namespace; the AKS add-on lives in kube-system.`);
  }
  if (!Number.isInteger(args.timeoutSeconds) || args.timeoutSeconds < 30) {
    problems.push(
      `readyTimeoutSeconds: ${args.timeoutSeconds} is too short or no integer; write 30 or more, e.g. 900.`,
    );
  }
  const meshConfig = {
    ...{ apiVersion: osmKinds.MeshConfig.apiVersion, kind: "MeshConfig" },
    metadata: { name: "osm-mesh-config", namespace: args.namespace },
    spec: meshConfigSpec(args.settings),
  };
  const { findings } = admit([meshConfig], "osm");
  problems.push(...findings.filter(({ severity }) => severity === "error").map(settingProblem));
  if (problems.length > 0) {
    throw new RunError(problems.join("\n"));
  }
}
