/** What the API server answered: status code and the body's JSON, or undefined where there is none. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Sends one request to the API server, whose answer is JSON, or what `accept` says. Rejects where no answer came. */
export type ApiRequest = (
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: object,
  accept?: string,
) => Promise<ApiAnswer>;

/** What {@link waitForMesh} needs to know and to do. */
export interface WaitOptions {
  readonly request: ApiRequest;
  /** Namespace of the mesh's control plane. */
  readonly namespace: string;
  /** Names of the CustomResourceDefinitions that must be established. */
  readonly customResourceDefinitions: readonly string[];
  /** How long to wait, in milliseconds. */
  readonly timeout: number;
  /** Told what is being waited for, each time that changes. */
  readonly report: (message: string) => void;
  /** Pause between two looks, in milliseconds. Default: 2000. */
  readonly interval?: number;
  /** Milliseconds from any start. Default: the clock. */
  readonly now?: () => number;
  /** Default: a timer. */
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

/** What the control plane says of itself. */
export interface MeshFacts {
  /** Version of the controller, e.g. `v1.2.9`; `unknown` where neither its label nor its image tells. */
  readonly osmVersion: string;
  /** Suffix of every identity in the mesh. */
  readonly trustDomain: string;
}

/** Something that is not there yet. */
interface Missing {
  /** What is missing, as the end of "waiting for …". */
  readonly what: string;
  /** Where a person should look. */
  readonly look: string;
}

/** Follows keys into a JSON value; undefined where the way ends. */
function at(value: unknown, ...keys: string[]): unknown {
  let current = value;
  for (const key of keys) {
    if (typeof current !== "object" || current === null) {
      return undefined;
    }
    current = new Map<string, unknown>(Object.entries(current)).get(key);
  }
  return current;
}

/** A JSON value's elements; none where it is not an array. */
function elements(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Whether an object's status holds a condition of this type with status True. */
function holds(object: unknown, type: string): boolean {
  return elements(at(object, "status", "conditions")).some(
    (condition) => at(condition, "type") === type && at(condition, "status") === "True",
  );
}

/** Describes an answer that is no success. */
function described(answer: ApiAnswer): string {
  const message = at(answer.body, "message");
  return typeof message === "string" ? `${answer.status}: ${message}` : String(answer.status);
}

/** The API server lets us read the control plane's namespace. */
async function missingAccess({ request, namespace }: WaitOptions): Promise<Missing | undefined> {
  const answer = await request("GET", `/api/v1/namespaces/${namespace}`);
  switch (answer.status) {
    case 200:
      return undefined;
    case 401:
      return {
        what: "the API server to accept the credentials (401)",
        look: "the kubeconfig's user: is its login still valid, and is it of this cluster's tenant?",
      };
    case 403:
      return {
        what: `the right to read namespace ${namespace} (${described(answer)})`,
        look: 'the role assignments on the cluster: the deploying identity needs "Azure Kubernetes Service RBAC Cluster Admin"; a new assignment takes minutes to arrive',
      };
    case 404:
      return {
        what: `namespace ${namespace}`,
        look: "the property `namespace`: on AKS the add-on lives in kube-system",
      };
    default:
      return { what: `the API server (it answered ${described(answer)})`, look: "the cluster's state: az aks show" };
  }
}

/** Every CustomResourceDefinition is established. */
async function missingDefinitions(options: WaitOptions): Promise<Missing | undefined> {
  const answer = await options.request("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions");
  const established = new Set(
    elements(at(answer.body, "items"))
      .filter((definition) => holds(definition, "Established"))
      .map((definition) => at(definition, "metadata", "name")),
  );
  const missing = options.customResourceDefinitions.filter((name) => !established.has(name));
  return missing.length === 0
    ? undefined
    : {
        what: `${missing.length} of ${options.customResourceDefinitions.length} CustomResourceDefinitions: ${missing.join(", ")}`,
        look: `the logs of deployment osm-bootstrap in ${options.namespace}, which installs them, and whether the add-on is enabled: az aks show --query addonProfiles.openServiceMesh`,
      };
}

/** The controller and the injector are available. */
async function missingDeployments({ request, namespace }: WaitOptions): Promise<Missing | undefined> {
  const answer = await request("GET", `/apis/apps/v1/namespaces/${namespace}/deployments`);
  const available = new Set(
    elements(at(answer.body, "items"))
      .filter((deployment) => holds(deployment, "Available"))
      .map((deployment) => at(deployment, "metadata", "name")),
  );
  const missing = ["osm-controller", "osm-injector"].filter((name) => !available.has(name));
  return missing.length === 0
    ? undefined
    : {
        what: `deployment ${missing.join(" and ")} in ${namespace} to be available`,
        look: `kubectl -n ${namespace} describe deployment ${missing.join(" ")}; is there a node with room for system pods?`,
      };
}

/** MeshConfig exists: patching one that does not would make an incomplete one. */
async function missingMeshConfig({ request, namespace }: WaitOptions): Promise<Missing | undefined> {
  const path = `/apis/config.openservicemesh.io/v1alpha2/namespaces/${namespace}/meshconfigs/osm-mesh-config`;
  const answer = await request("GET", path);
  return answer.status === 200
    ? undefined
    : {
        what: `MeshConfig osm-mesh-config in ${namespace} (${described(answer)})`,
        look: `the logs of deployment osm-bootstrap in ${namespace}, which makes it`,
      };
}

/** A webhook of the mesh has its certificate authority, and its Service an endpoint that is ready. */
async function missingWebhook(
  { request, namespace }: WaitOptions,
  resource: "validatingwebhookconfigurations" | "mutatingwebhookconfigurations",
  name: string,
): Promise<Missing | undefined> {
  const answer = await request("GET", `/apis/admissionregistration.k8s.io/v1/${resource}`);
  const webhook = elements(at(answer.body, "items"))
    .flatMap((configuration) => elements(at(configuration, "webhooks")))
    .find((hook) => at(hook, "name") === name && at(hook, "clientConfig", "service", "namespace") === namespace);
  const service = at(webhook, "clientConfig", "service", "name");
  if (typeof service !== "string") {
    return {
      what: `webhook ${name}`,
      look: `kubectl get ${resource}, and the logs of osm-controller and osm-injector in ${namespace}, which register it`,
    };
  }
  const bundle = at(webhook, "clientConfig", "caBundle");
  if (typeof bundle !== "string" || bundle === "") {
    return { what: `the certificate authority of webhook ${name}`, look: `kubectl get ${resource} -o yaml` };
  }
  const slices = await request(
    "GET",
    `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D${service}`,
  );
  const ready = elements(at(slices.body, "items"))
    .flatMap((slice) => elements(at(slice, "endpoints")))
    .some((endpoint) => at(endpoint, "conditions", "ready") !== false);
  return ready
    ? undefined
    : {
        what: `a ready endpoint of Service ${service}, behind webhook ${name}`,
        look: `kubectl -n ${namespace} get endpointslices,pods`,
      };
}

/** Namespace that exists only while the webhook is tried: the webhook answers in onboarded namespaces alone. */
const probe = "aks-mesh-probe";

/**
 * The validating webhook decides: the API server is asked, as a dry run, to create a TrafficTarget that the webhook must
 * refuse. Refused by it, the whole way from API server to webhook works.
 */
async function missingDecision({ request }: WaitOptions): Promise<Missing | undefined> {
  const look = "the logs of osm-controller, and whether the API server reaches pods (konnectivity-agent on AKS)";
  const namespace = await request("POST", "/api/v1/namespaces", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: probe, labels: { "openservicemesh.io/monitored-by": "osm" } },
  });
  if (namespace.status !== 201 && namespace.status !== 409) {
    return { what: `the right to create namespace ${probe} (${described(namespace)})`, look: "the role assignments" };
  }
  const answer = await request(
    "POST",
    `/apis/access.smi-spec.io/v1alpha3/namespaces/${probe}/traffictargets?dryRun=All`,
    {
      apiVersion: "access.smi-spec.io/v1alpha3",
      kind: "TrafficTarget",
      metadata: { name: probe, namespace: probe },
      spec: {
        destination: { kind: "ServiceAccount", name: probe, namespace: `not-${probe}` },
        sources: [],
        rules: [],
      },
    },
  );
  const message = at(answer.body, "message");
  if (typeof message === "string" && message.includes("osm-validator.k8s.io") && message.includes("denied")) {
    return undefined;
  }
  return answer.status === 201
    ? { what: "webhook osm-validator.k8s.io to be asked (an object that it must refuse was let through)", look }
    : { what: `webhook osm-validator.k8s.io to answer (${described(answer)})`, look };
}

/** Version and trust domain, from the controller's Deployment. */
async function meshFacts({ request, namespace }: WaitOptions): Promise<MeshFacts> {
  const { body } = await request("GET", `/apis/apps/v1/namespaces/${namespace}/deployments/osm-controller`);
  const container = elements(at(body, "spec", "template", "spec", "containers")).find((candidate) =>
    String(at(candidate, "image")).includes("osm-controller"),
  );
  const label = at(body, "metadata", "labels", "app.kubernetes.io/version");
  const tag = /:([\w][\w.-]*)(?:@|$)/.exec(String(at(container, "image") ?? ""))?.[1];
  const words = [...elements(at(container, "command")), ...elements(at(container, "args"))].map(String);
  const flag = words.findIndex((word) => word === "--trust-domain" || word.startsWith("--trust-domain="));
  const trustDomain = flag < 0 ? undefined : (words[flag]?.split("=")[1] ?? words[flag + 1]);
  return {
    osmVersion: tag ?? (typeof label === "string" ? label : "unknown"),
    trustDomain: trustDomain ?? "cluster.local",
  };
}

/**
 * Waits until the mesh can be given policies: the API server answers us, the definitions are established, the control
 * plane is available, its webhooks are registered and reachable, and the validating one decides.
 *
 * A rejected request counts as "not yet", except where the error says `final: true`.
 *
 * @throws Error that names what was missing when the time ran out, and what to look at.
 */
export async function waitForMesh(options: WaitOptions): Promise<MeshFacts> {
  const now = options.now ?? (() => Date.now());
  const sleep = options.sleep ?? ((milliseconds) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds)));
  const conditions: (() => Promise<Missing | undefined>)[] = [
    () => missingAccess(options),
    () => missingDefinitions(options),
    () => missingDeployments(options),
    () => missingMeshConfig(options),
    () => missingWebhook(options, "validatingwebhookconfigurations", "osm-validator.k8s.io"),
    () => missingWebhook(options, "mutatingwebhookconfigurations", "osm-inject.k8s.io"),
    () => missingDecision(options),
  ];
  const firstMissing = async (): Promise<Missing | undefined> => {
    try {
      for (const condition of conditions) {
        const missing = await condition();
        if (missing !== undefined) {
          return missing;
        }
      }
      return undefined;
    } catch (error) {
      if (at(error, "final") === true) {
        throw error;
      }
      return {
        what: `the API server to answer (${error instanceof Error ? error.message : String(error)})`,
        look: "the cluster's state (az aks show) and the way to it: authorised address ranges, private cluster, DNS",
      };
    }
  };
  const deadline = now() + options.timeout;
  let reported = "";
  for (;;) {
    const missing = await firstMissing();
    if (missing === undefined) {
      await options.request("DELETE", `/api/v1/namespaces/${probe}`);
      return meshFacts(options);
    }
    if (now() >= deadline) {
      await options.request("DELETE", `/api/v1/namespaces/${probe}`).catch(() => undefined);
      const seconds = Math.round(options.timeout / 1000);
      throw new Error(
        `Open Service Mesh was not ready after ${seconds} s. Missing: ${missing.what}. Look at: ${missing.look}.`,
      );
    }
    if (missing.what !== reported) {
      reported = missing.what;
      options.report(`waiting for ${missing.what}`);
    }
    await sleep(options.interval ?? 2000);
  }
}
