import { type JudgeCase, type JudgeRequest, type JudgeVerdict } from ".";
import { isJsonObject, type JsonObject } from "../mesh/manifests";
import { compilePattern, isPatternError } from "../mesh/regex/pattern";

/** Kinds of policies and requests that are easily decided wrongly, and how often a run had each. */
export class KindCounts {
  private readonly counts = new Map<string, number>();

  /** Adds a case with its verdicts. */
  add({ objects, requests }: JudgeCase, verdicts: readonly JudgeVerdict[]): void {
    const world = worldOf(objects);
    for (const [name, has] of Object.entries(policyKinds)) if (has(world)) this.count(`policies with ${name}`);
    requests.forEach((request, index) => {
      const verdict = verdicts[index];
      if (verdict === undefined || verdict.error !== undefined) return;
      for (const [name, has] of Object.entries(requestKinds)) {
        if (has(request, world, verdict)) this.count(`requests ${name}`);
      }
    });
  }

  private count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  /** A line for each kind, also for one that never came. */
  toString(): string {
    const names = [
      ...Object.keys(policyKinds).map((name) => `policies with ${name}`),
      ...Object.keys(requestKinds).map((name) => `requests ${name}`),
    ];
    return names.map((name) => `${String(this.counts.get(name) ?? 0).padStart(8)} ${name}\n`).join("");
  }
}

interface World {
  /** Objects by kind. */
  of(kind: string): readonly JsonObject[];
  /** Pods' labels and namespaces, of pods and of workloads. */
  readonly pods: readonly { readonly namespace: unknown; readonly labels: JsonObject; readonly spec: JsonObject }[];
  /** Patterns of the route groups: of paths, and of headers by their lower-case name. */
  readonly patterns: readonly { readonly header?: string; readonly regex: string }[];
}

function worldOf(objects: readonly unknown[]): World {
  const all = objects.filter(isJsonObject);
  const of = (kind: string): readonly JsonObject[] => all.filter((object) => object["kind"] === kind);
  const workloads = of("Deployment").map((one) => ({
    template: at(one, "spec", "template"),
    namespace: at(one, "metadata")["namespace"],
  }));
  const running = of("Pod").map((one) => ({ template: one, namespace: at(one, "metadata")["namespace"] }));
  const pods = [...workloads, ...running].map(({ template, namespace }) => ({
    namespace,
    labels: at(template, "metadata", "labels"),
    spec: at(template, "spec"),
  }));
  const patterns = of("HTTPRouteGroup").flatMap((group) =>
    listOf(at(group, "spec")["matches"]).flatMap((match) => [
      ...(typeof match["pathRegex"] === "string" ? [{ regex: match["pathRegex"] }] : []),
      ...listOf(match["headers"]).flatMap((map) =>
        Object.entries(map).map(([name, regex]) => ({ header: name.toLowerCase(), regex: String(regex) })),
      ),
    ]),
  );
  return { of, pods, patterns };
}

function at(value: unknown, ...path: readonly string[]): JsonObject {
  const found = path.reduce<unknown>((inner, key) => (isJsonObject(inner) ? inner[key] : undefined), value);
  return isJsonObject(found) ? found : {};
}

function listOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function annotations(of: JsonObject): string {
  return JSON.stringify(at(of, "metadata")["annotations"] ?? {});
}

/** Whether a Service selects a pod. */
function selects(service: JsonObject, { namespace, labels }: World["pods"][number]): boolean {
  const selector = Object.entries(at(service, "spec", "selector"));
  const same = at(service, "metadata")["namespace"] === namespace;
  return same && selector.length > 0 && selector.every(([name, value]) => labels[name] === value);
}

function portsOf(service: JsonObject | undefined): readonly unknown[] {
  return listOf(at(service, "spec")["ports"]).map(({ port }) => port);
}

/** A TrafficSplit whose root has ports and none of whose backends that are there has any of them. */
function splitsElsewhere(world: World): boolean {
  const services = world.of("Service");
  return world.of("TrafficSplit").some((split) => {
    const { namespace } = at(split, "metadata");
    const named = (name: string): JsonObject | undefined =>
      services.find((one) => at(one, "metadata")["namespace"] === namespace && at(one, "metadata")["name"] === name);
    const { service, backends } = at(split, "spec");
    const ports = portsOf(named(String(service).split(".")[0] ?? ""));
    const present = listOf(backends)
      .map((one) => named(String(one["service"])))
      .filter((one) => one !== undefined);
    return (
      ports.length > 0 &&
      present.length > 0 &&
      !present.some((one) => portsOf(one).some((port) => ports.includes(port)))
    );
  });
}

/** Service accounts that TrafficTargets lead to. */
function destinationsOf(world: World): readonly JsonObject[] {
  return world.of("TrafficTarget").map((target) => at(target, "spec", "destination"));
}

const beyondAscii = /[^\0-\x7f]/;

/** Instructions near Envoy's limit of 100. */
function isNearLimit({ regex }: { readonly regex: string }): boolean {
  const compiled = compilePattern(regex);
  if (isPatternError(compiled)) return false;
  return [compiled.size, compiled.utf8Size].some((size) => size >= 85 && size <= 115);
}

const policyKinds: Readonly<Record<string, (world: World) => boolean>> = {
  "a pattern of 85 to 115 instructions": ({ patterns }) => patterns.some(isNearLimit),
  alternations: ({ patterns }) => patterns.some(({ regex }) => regex.includes("|")),
  "a pattern beyond ASCII": ({ patterns }) => patterns.some(({ regex }) => beyondAscii.test(regex)),
  "a condition on x-request-id": ({ patterns }) => patterns.some(({ header }) => header === "x-request-id"),
  "a pod without a Service": (world) =>
    world.pods.some((pod) => !world.of("Service").some((service) => selects(service, pod))),
  "a split none of whose backends has the root's port": splitsElsewhere,
  "a pod that says it wants no sidecar": ({ of }) =>
    of("Deployment").some((one) => annotations(at(one, "spec", "template")).includes("sidecar-injection")),
  "a pod older than the onboarding": ({ of }) =>
    of("Pod").some((one) => at(one, "metadata", "labels")["osm-proxy-uuid"] === undefined),
  "a pod with a proxy's label": ({ of }) =>
    of("Pod").some((one) => at(one, "metadata", "labels")["osm-proxy-uuid"] !== undefined),
  "a pod on the host's network": ({ pods }) => pods.some(({ spec }) => spec["hostNetwork"] === true),
  "a namespace outside of the mesh": ({ of }) =>
    of("Namespace").some((one) => at(one, "metadata", "labels")["openservicemesh.io/monitored-by"] !== "osm"),
  "a namespace without injection": ({ of }) => of("Namespace").some((one) => !annotations(one).includes("enabled")),
  "an ignored namespace": ({ of }) =>
    of("Namespace").some((one) => at(one, "metadata", "labels")["openservicemesh.io/ignore"] !== undefined),
  "Endpoints of some Services": ({ of }) => of("Endpoints").length > 0,
  "a destination without a workload": (world) =>
    destinationsOf(world).some(
      ({ namespace, name }) =>
        !world.pods.some((pod) => pod.namespace === namespace && pod.spec["serviceAccountName"] === name),
    ),
  "a destination in a namespace without Services": (world) =>
    destinationsOf(world).some(
      ({ namespace }) => !world.of("Service").some((one) => at(one, "metadata")["namespace"] === namespace),
    ),
  "an IngressBackend of addresses": ({ of }) => ofIngress(of, "IPRange"),
  "an IngressBackend of principals": ({ of }) => ofIngress(of, "AuthenticatedPrincipal"),
  "an IngressBackend by https": ({ of }) =>
    of("IngressBackend").some((one) =>
      listOf(at(one, "spec")["backends"]).some((backend) => at(backend, "port")["protocol"] === "https"),
    ),
  "an Egress to hosts": ({ of }) => of("Egress").some((one) => lengthOf(at(one, "spec")["hosts"]) > 0),
  "an Egress to addresses": ({ of }) => of("Egress").some((one) => lengthOf(at(one, "spec")["ipAddresses"]) > 0),
  "an ExternalName": ({ of }) => of("Service").some((one) => at(one, "spec")["type"] === "ExternalName"),
  "network policies": ({ of }) => of("NetworkPolicy").length > 0,
};

function ofIngress(of: World["of"], kind: string): boolean {
  return of("IngressBackend").some((one) =>
    listOf(at(one, "spec")["sources"]).some((source) => source["kind"] === kind),
  );
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

function valuesOf({ headers = {} }: JudgeRequest): readonly (readonly string[])[] {
  return Object.values(headers).map((value) => (typeof value === "string" ? [value] : value));
}

const requestKinds: Readonly<Record<string, (request: JudgeRequest, world: World, verdict: JudgeVerdict) => boolean>> =
  {
    "with a value beyond ASCII": (request) =>
      valuesOf(request)
        .flat()
        .some((value) => beyondAscii.test(value)),
    "with blanks around a value": (request) =>
      valuesOf(request)
        .flat()
        .some((value) => value.trim() !== value),
    "with a header sent twice": (request) => valuesOf(request).some(({ length }) => length > 1),
    "that Envoys of different ages answer differently": (_, __, verdict) => verdict["by-version"] !== undefined,
    "without a request id where conditions are on it": ({ headers = {} }, { patterns }) =>
      headers["x-request-id"] === undefined && patterns.some(({ header }) => header === "x-request-id"),
    "that vary by the request id": (_, __, verdict) => verdict["varies-by"]?.includes("request-id") === true,
    "from outside of the mesh": ({ from }) => from.startsWith("outside"),
    "from outside of the mesh that pass": ({ from }, _, { outcome }) =>
      from.startsWith("outside") && outcome === "allowed",
    "to outside of the cluster": ({ to }) => !to.includes(".svc."),
    "to outside of the cluster that pass": ({ to }, _, { outcome }) => !to.includes(".svc.") && outcome === "allowed",
    "with TLS of their own": ({ from, serverName }) => serverName !== undefined || from.includes(" as "),
    "to an ExternalName": ({ to }) => to.startsWith("alias."),
  };
