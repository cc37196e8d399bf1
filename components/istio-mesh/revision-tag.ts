import type * as kubernetes from "@pulumi/kubernetes";
import { aksRevision } from "../../mesh/istio/revisions";
import { istioControlPlaneNamespace as namespace } from "./mesh-settings";

/** Longest name of a tag: Kubernetes takes 63 characters for that of its Service. */
const longestTag = 63 - "istiod-revision-tag-".length;

/** What is wrong with the name of a revision tag, and what to write; undefined where nothing is. */
export function tagProblem(tag: string): string | undefined {
  if (aksRevision.test(tag)) return `"${tag}" is the name of a revision; write a name of your own, such as prod`;
  if (tag === "default") {
    return '"default" would make Istio inject by istio-injection=enabled too, which the add-on does not; write another name, such as prod';
  }
  if (tag.length <= longestTag && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(tag)) return undefined;
  return (
    `"${tag}" cannot be a name; write a lower-case letter, then letters, digits and hyphens with no hyphen at the end, ` +
    `${longestTag} in all, such as prod`
  );
}

/** On the webhook and the Service, as `istioctl tag set` writes them, but for who manages it and the chart. */
function labels(tag: string, revision: string, app: string): Record<string, string> {
  return {
    app,
    "app.kubernetes.io/instance": "istio",
    "app.kubernetes.io/name": "istiod",
    "app.kubernetes.io/part-of": "istio",
    "istio.io/rev": revision,
    "istio.io/tag": tag,
    release: "istio",
  };
}

type Requirement = kubernetes.types.input.meta.v1.LabelSelectorRequirement;

/** Waited for: istiod writes its certificate authority, without which nobody could make a pod. */
const whenComplete = { "pulumi.com/waitFor": "jsonpath={.webhooks[1].clientConfig.caBundle}" };

/**
 * What gives pods of namespaces with the label `istio.io/rev: TAG` the sidecar of a revision, and pods with that label themselves, as
 * `istioctl tag set` makes it (istio.io/istio/istioctl/pkg/tag).
 */
export function revisionTagWebhook(tag: string, revision: string) {
  const asked = { key: "istio.io/rev", operator: "In", values: [tag] };
  const absent = (key: string) => ({ key, operator: "DoesNotExist" });
  const willing = { key: "sidecar.istio.io/inject", operator: "NotIn", values: ["false"] };
  const webhook = (prefix: string, ofNamespace: Requirement[], ofPod: Requirement[]) => ({
    name: `rev.${prefix}.sidecar-injector.istio.io`,
    clientConfig: { service: { name: `istiod-${revision}`, namespace, path: "/inject", port: 443 } },
    sideEffects: "None",
    rules: [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] }],
    failurePolicy: "Fail",
    reinvocationPolicy: "Never",
    admissionReviewVersions: ["v1"],
    namespaceSelector: { matchExpressions: ofNamespace },
    objectSelector: { matchExpressions: ofPod },
  });
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: {
      name: `istio-revision-tag-${tag}-${namespace}`,
      labels: labels(tag, revision, "sidecar-injector"),
      annotations: whenComplete,
    },
    webhooks: [
      webhook("namespace", [asked, absent("istio-injection")], [willing]),
      webhook("object", [absent("istio.io/rev"), absent("istio-injection")], [willing, asked]),
    ],
  } satisfies kubernetes.types.input.admissionregistration.v1.MutatingWebhookConfiguration;
}

/** The control plane of a revision by the name of its tag. Nothing here calls it: `istioctl` knows a tag by it. */
export function revisionTagService(tag: string, revision: string) {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: `istiod-revision-tag-${tag}`,
      namespace,
      labels: { ...labels(tag, revision, "istiod"), istio: "pilot" },
    },
    spec: {
      ports: [
        { name: "grpc-xds", port: 15010, protocol: "TCP" },
        { name: "https-dns", port: 15012, protocol: "TCP" },
        { name: "https-webhook", port: 443, targetPort: 15017, protocol: "TCP" },
        { name: "http-monitoring", port: 15014, protocol: "TCP" },
      ],
      selector: { app: "istiod", "istio.io/rev": revision },
    },
  } satisfies kubernetes.types.input.core.v1.Service;
}
