import { type PlacedObject } from "../placed-object";
import { istioNamespace } from "./settings";

/** Name of AKS's own admission webhook in its errors. Here an admission policy stands for it, and its wording differs. */
const policyName = "azure-service-mesh-ccp-validating-webhook.azmk8s.io";

/**
 * Fields of MeshConfig that the add-on takes, supported or not, and of its `defaultConfig`; all others are refused
 * (learn.microsoft.com/azure/aks/istio-meshconfig).
 */
export const allowedMeshConfig: readonly string[] = [
  ...["proxyListenPort", "proxyInboundListenPort", "proxyHttpPort", "connectTimeout", "tcpKeepAlive", "defaultConfig"],
  ...["outboundTrafficPolicy", "extensionProviders", "defaultProviders", "accessLogFile", "accessLogFormat"],
  ...["accessLogEncoding", "enableTracing", "enableEnvoyAccessLogService", "disableEnvoyListenerLog", "trustDomain"],
  ...["trustDomainAliases", "caCertificates", "defaultServiceExportTo", "defaultVirtualServiceExportTo"],
  ...["defaultDestinationRuleExportTo", "localityLbSetting", "dnsRefreshRate", "h2UpgradePolicy"],
  ...["enablePrometheusMerge", "discoverySelectors", "pathNormalization", "defaultHttpRetryPolicy", "serviceSettings"],
  ...["meshMTLS", "tlsDefaults", "ingressService", "ingressSelector"],
];
export const allowedProxyConfig: readonly string[] = [
  ...["tracingServiceName", "drainDuration", "statsUdpAddress", "proxyAdminPort", "tracing", "concurrency"],
  ...["envoyAccessLogService", "envoyMetricsService", "proxyMetadata", "statusPort", "extraStatTags"],
  ...["proxyStatsMatcher", "terminationDrainDuration", "meshId", "holdApplicationUntilProxyStarts"],
  ...["caCertificatesPem", "privateKeyProvider"],
];

/** Kinds of Istio that the add-on does not take, by API group. */
const blockedKinds: Readonly<Record<string, readonly string[]>> = {
  "networking.istio.io": ["proxyconfigs", "workloadentries", "workloadgroups"],
  "extensions.istio.io": ["wasmplugins"],
  "install.istio.io": ["istiooperators"],
};

/**
 * What AKS refuses besides istiod: kinds that the add-on does not take, and fields of MeshConfig. An expression cannot read YAML, so
 * MeshConfig is read by its lines: what is written in another way than the usual, such as `{accessLogFile: /dev/stdout}`, is refused.
 */
export function admissionObjects(): PlacedObject[] {
  return [
    ...policy(`kinds.${policyName}`, {
      matchConstraints: {
        resourceRules: Object.entries(blockedKinds).map(([group, plurals]) => rule([group], plurals)),
      },
      validations: [
        { expression: "false", messageExpression: '"the Istio add-on does not allow the kind " + object.kind' },
      ],
    }),
    ...policy(`mesh-config.${policyName}`, {
      matchConstraints: {
        resourceRules: [rule([""], ["configmaps"])],
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": istioNamespace } },
      },
      matchConditions: [
        { name: "shared", expression: 'object.metadata.name.startsWith("istio-shared-configmap-")' },
        { name: "mesh", expression: 'has(object.data) && "mesh" in object.data' },
      ],
      variables: [
        {
          name: "lines",
          expression: 'object.data.mesh.split("\\n").filter(line, !line.matches("^\\\\s*(#.*)?$") && line != "---")',
        },
        {
          name: "fields",
          expression: 'variables.lines.filter(line, line.matches("^[^ -]")).map(line, line.split(":")[0])',
        },
        {
          name: "unknown",
          expression: `variables.fields.filter(field, !(field in ${JSON.stringify(allowedMeshConfig)}))`,
        },
        // The lines below `defaultConfig:`, of which those with the first one's indentation are its fields (or items of a list there).
        {
          name: "block",
          expression: `("\\n" + variables.lines.join("\\n") + "\\n").find("\\\\ndefaultConfig:[ ]*\\\\n(?: .*\\\\n)*")`,
        },
        { name: "proxyLines", expression: 'variables.block.split("\\n").filter(line, line.startsWith(" "))' },
        {
          name: "proxyFields",
          expression:
            'variables.proxyLines.filter(line, line.matches("^" + variables.proxyLines[0].find("^ +") + "[^ -]")).map(line, line.trim().split(":")[0])',
        },
        {
          name: "unknownProxy",
          expression: `variables.proxyFields.filter(field, !(field in ${JSON.stringify(allowedProxyConfig)}))`,
        },
      ],
      validations: [
        {
          expression: "variables.unknown.size() == 0",
          messageExpression: '"MeshConfig: the Istio add-on does not allow " + variables.unknown.join(", ")',
        },
        {
          expression: "variables.unknownProxy.size() == 0",
          messageExpression:
            '"MeshConfig: the Istio add-on does not allow defaultConfig." + variables.unknownProxy.join(", defaultConfig.")',
        },
        {
          expression: '!("defaultConfig" in variables.fields) || variables.block != ""',
          message: "MeshConfig: write the fields of defaultConfig below it, one a line",
        },
      ],
    }),
  ];
}

function rule(apiGroups: readonly string[], resources: readonly string[]) {
  return { apiGroups, apiVersions: ["*"], operations: ["CREATE", "UPDATE"], resources };
}

/** A policy that denies, and its binding. */
function policy(name: string, spec: object): PlacedObject[] {
  const api = "/apis/admissionregistration.k8s.io/v1";
  const apiVersion = "admissionregistration.k8s.io/v1";
  return [
    {
      path: `${api}/validatingadmissionpolicies/${name}`,
      object: {
        apiVersion,
        kind: "ValidatingAdmissionPolicy",
        metadata: { name },
        spec: { failurePolicy: "Fail", ...spec },
      },
    },
    {
      path: `${api}/validatingadmissionpolicybindings/${name}`,
      object: {
        apiVersion,
        kind: "ValidatingAdmissionPolicyBinding",
        metadata: { name },
        spec: { policyName: name, validationActions: ["Deny"] },
      },
    },
  ];
}
