import {
  type ApiAnswer,
  type ApiRequest,
  at,
  described,
  elements,
  type Missing,
  missingAccess,
  missingDefinitions,
  missingDeployments,
  missingEndpoint,
  type Waiting,
  waitUntilReady,
} from "../service-mesh/waiting";

export { type ApiAnswer, type ApiRequest };

/** What {@link waitForMesh} needs to know and to do. */
export interface WaitOptions extends Waiting {
  /** Namespace of the mesh's control plane. */
  readonly namespace: string;
  /** Names of the CustomResourceDefinitions that must be established. */
  readonly customResourceDefinitions: readonly string[];
}

/** What the control plane says of itself. */
export interface MeshFacts {
  /** Version of the controller, e.g. `v1.2.9`; `unknown` where neither its label nor its image tells. */
  readonly osmVersion: string;
  /** Suffix of every identity in the mesh. */
  readonly trustDomain: string;
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
  return missingEndpoint(request, namespace, service, name);
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
  const { request, namespace } = options;
  const bootstrap = `the logs of deployment osm-bootstrap in ${namespace}, which installs them, and whether the add-on is enabled: az aks show --query addonProfiles.openServiceMesh`;
  const removeProbe = () => request("DELETE", `/api/v1/namespaces/${probe}`);
  try {
    await waitUntilReady(
      "Open Service Mesh",
      [
        () => missingAccess(request, namespace, "the property `namespace`: on AKS the add-on lives in kube-system"),
        () => missingDefinitions(request, options.customResourceDefinitions, bootstrap),
        () => missingDeployments(request, namespace, ["osm-controller", "osm-injector"]),
        () => missingMeshConfig(options),
        () => missingWebhook(options, "validatingwebhookconfigurations", "osm-validator.k8s.io"),
        () => missingWebhook(options, "mutatingwebhookconfigurations", "osm-inject.k8s.io"),
        () => missingDecision(options),
      ],
      options,
    );
  } catch (error) {
    if (at(error, "final") !== true) await removeProbe().catch(() => undefined);
    throw error;
  }
  await removeProbe();
  return meshFacts(options);
}
