import { type MessageShape, shownBy, type ShownLine } from "./shape";

/** What the API server answers, in its own words (k8s.io/apimachinery, api/errors). */
export const statusShapes: readonly MessageShape[] = [
  { shape: '{kind} "{name}" already exists', example: 'configmaps "kube-root-ca.crt" already exists' },
  { shape: '{kind} "{name}" not found', example: 'namespaces "not-there" not found' },
  {
    shape:
      "{kind} \"{name}\" is forbidden: ValidatingAdmissionPolicy '{name}' with binding '{name}' denied request: {words}",
    example:
      "pods \"web\" is forbidden: ValidatingAdmissionPolicy 'aks-mesh-previews-pods' with binding 'aks-mesh-previews-pods' denied request: Containers of previews are not privileged.",
  },
  {
    shape: '{kind} "{name}" is forbidden: User "{name}" cannot {words}',
    example:
      'secrets "a" is forbidden: User "5f0f3f0e-3a55-4f0e-8c1d-0d6f3c7e9a01" cannot get resource "secrets" in API group "" in the namespace "kube-system"',
  },
  {
    shape:
      '{kind} "{name}" is forbidden: exceeded quota: {name}, requested: {amounts}, used: {amounts}, limited: {amounts}',
    example:
      'pods "web-5d4f" is forbidden: exceeded quota: bounds, requested: pods=1,requests.cpu=10m, used: pods=10,requests.cpu=1, limited: pods=10,requests.cpu=1',
  },
  {
    shape: '{kind} "{name}" is forbidden: violates PodSecurity "{name}": {words}',
    example: 'pods "web" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
  },
  {
    shape:
      '{kind} "{name}" is forbidden: unable to create new content in namespace {name} because it is being terminated',
    example:
      'services "web" is forbidden: unable to create new content in namespace pr-1-shop because it is being terminated',
  },
  {
    shape: 'admission webhook "{name}" denied the request: {words}',
    example: 'admission webhook "osm-validator.k8s.io" denied the request: expected policy.name to be set',
  },
  {
    shape: 'no matches for kind "{kind}" in version "{kind}"{rest}',
    example: 'no matches for kind "Foo" in version "foo.example.com/v1"',
  },
  { shape: "Unauthorized", example: "Unauthorized" },
  {
    shape: "the server has asked for the client to provide credentials",
    example: "the server has asked for the client to provide credentials",
  },
];

/** What the provider says around it, and while it waits. `{rest}` at the end is the API server's own answer. */
const aroundStatus: readonly MessageShape[] = [
  {
    shape: 'resource "{urn}" was not successfully created by the Kubernetes API server: {rest}',
    example:
      'resource "urn:pulumi:dev::shop::kubernetes:core/v1:ConfigMap::a" was not successfully created by the Kubernetes API server: namespaces "b" not found',
  },
  {
    shape: "resource {urn} was not successfully created by the Kubernetes API server : {rest}",
    example:
      'resource urn:pulumi:dev::shop::kubernetes:core/v1:ConfigMap::a was not successfully created by the Kubernetes API server : namespaces "b" not found',
  },
  {
    shape: "The Kubernetes API server refused the {name}: {rest}",
    example: 'The Kubernetes API server refused the Service: services "a" not found',
  },
];

/** Lines of the provider that say nothing of an object's content. */
export const kubernetesShapes: readonly MessageShape[] = [
  {
    shape: 'The Kubernetes API server serves no {kind}: no matches for kind "{kind}" in version "{kind}".{words}',
    example:
      'The Kubernetes API server serves no foo.example.com/v1/Foo: no matches for kind "Foo" in version "foo.example.com/v1". Create the CustomResourceDefinition first, and make this resource depend on it',
  },
  ...[
    "This resource did not create it, as far as its state knows. Then one of these helps:",
    "  - a run was cut off after the API server had stored the object: `pulumi import` it;",
    "  - the Pulumi resource was renamed: give it the old name as an alias;",
    "  - objects that exist are to be yours: set upsertExistingObjects on the provider, or",
    "    PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true.",
  ].map((line) => ({ shape: line, example: line })),
  {
    shape: "  - only some fields are yours to set: use {name};",
    example: "  - only some fields are yours to set: use ConfigMapPatch;",
  },
  {
    shape: "The Kubernetes API server {rest} cannot be reached: {words}",
    example: "The Kubernetes API server https://127.0.0.1:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1",
  },
  {
    shape: "Other managers own fields that this resource (manager {name}) sets:",
    example: "Other managers own fields that this resource (manager pulumi-kubernetes-1a2b) sets:",
  },
  {
    shape: '  {path}: conflict with "{name}" using {kind}',
    example: '  .spec.replicas: conflict with "kubectl" using apps/v1',
  },
  {
    shape: "Apply failed with {number} conflict{words}",
    example: "Apply failed with 1 conflict: conflict with manager",
  },
  {
    shape: "configured Kubernetes cluster is unreachable: {words}",
    example: "configured Kubernetes cluster is unreachable: unable to load schema information from the API server",
  },
  {
    shape:
      "resource {name} was successfully created, but the Kubernetes API server reported that it failed to fully initialize or become live: {words}",
    example:
      "resource web was successfully created, but the Kubernetes API server reported that it failed to fully initialize or become live: timed out waiting to be Ready",
  },
  { shape: "{number} errors occurred:", example: "5 errors occurred:" },
  { shape: "{number} error occurred:", example: "1 error occurred:" },
  {
    shape: "{kind} {kind} was created, but did not become ready",
    example: "Deployment pr-1-shop/web was created, but did not become ready",
  },
  {
    shape: "{kind} {kind} was updated, but did not become ready",
    example: "Deployment pr-1-shop/web was updated, but did not become ready",
  },
  {
    shape: "not ready within {number} s: {words}",
    example: "not ready within 8 s: 0 of 1 replicas are available",
  },
  { shape: "[Pod {name}] container {name}: {words}", example: "[Pod web-5d4f] container web: ImagePullBackOff" },
  { shape: "[Pod {name}] {words}", example: "[Pod web-5d4f] Unschedulable: 0/3 nodes are available" },
  { shape: "[{kind} {name}] {words}", example: "[ReplicaSet web-5d4f] FailedCreate: Error creating" },
  { shape: "[{name}] {words}", example: "[Available] Deployment does not have minimum availability." },
  {
    shape: "{number} of {number} replicas are available{words}",
    example: "0 of 1 replicas are available",
  },
  { shape: "Waiting for {words}", example: "Waiting for pods behind the service" },
];

const failedInPreview = "Preview failed: ";

/** How the provider lists several errors. */
const bullet = /^\t\* /;

/** A line of the provider for Kubernetes; undefined where the list has none like it. */
export function shownByKubernetes(line: string): ShownLine | undefined {
  if (line.startsWith(failedInPreview)) {
    const shown = shownByKubernetes(line.slice(failedInPreview.length));
    return shown && { ...shown, text: failedInPreview + shown.text };
  }
  if (bullet.test(line)) {
    const shown = shownByKubernetes(line.replace(bullet, ""));
    return shown && { ...shown, text: `\t* ${shown.text}` };
  }
  const around = shownBy(aroundStatus, line);
  if (around === undefined) return shownStatus(line) ?? shownBy(kubernetesShapes, line);
  const head = around.text.slice(0, -1);
  const shown = shownStatus(line.slice(head.length));
  return { text: head + (shown?.text ?? "…"), cut: shown?.cut ?? true };
}

function shownStatus(text: string): ShownLine | undefined {
  return shownInvalid(text) ?? shownBy(statusShapes, text);
}

/** What is wrong with a field (k8s.io/apimachinery, util/validation/field). The value that follows is not shown. */
const cause =
  /(?:^|[[ ])((?:[a-zA-Z][\w-]{0,60})(?:\.[\w-]{1,60}|\[[\w./-]{1,80}\]){0,20}): (Required value|Invalid value|Forbidden|Duplicate value|Unsupported value|Too long|Too many|Not found|Internal error)/g;

/** `Service "a" is invalid: …`: the fields and what is wrong with them, without their values. */
function shownInvalid(text: string): ShownLine | undefined {
  const shown = shownBy([{ shape: '{kind} "{name}" is invalid: {rest}', example: "" }], text);
  if (shown === undefined) return undefined;
  const head = shown.text.slice(0, -1);
  const causes = [...text.slice(head.length).matchAll(cause)].map(([, path = "", reason = ""]) => `${path}: ${reason}`);
  const whole = text.slice(head.length).replace(/^\[|\]$/g, "") === causes.join(", ");
  return { text: head + (causes.join(", ") || "…"), cut: !whole };
}
