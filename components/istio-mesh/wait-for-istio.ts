import { parse } from "yaml";
import {
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
import { istioControlPlaneNamespace as namespace } from "./mesh-settings";

/** What {@link waitForIstio} needs to know and to do. */
export interface IstioWaitOptions extends Waiting {
  /** Revisions whose control planes have to be ready, the one that new pods join first. At least one. */
  readonly revisions: readonly string[];
  /** Namespaces of egress gateways, which the add-on makes. Default: none. */
  readonly egressNamespaces?: readonly string[];
  /** Names of the CustomResourceDefinitions that must be established. */
  readonly customResourceDefinitions: readonly string[];
}

/** What the control plane says of itself. */
export interface IstioFacts {
  /** Version of the first revision's istiod, e.g. `1.30.2`; `unknown` where its image does not tell. */
  readonly istioVersion: string;
  /** Suffix of every identity in the mesh. */
  readonly trustDomain: string;
}

/** Name of a revision's Deployment and Service. */
const istiod = (revision: string): string => `istiod-${revision}`;

/**
 * The deployments of istiod that are not available. Where kubelet does not give their pods a volume, as of a certificate authority from a
 * key vault, what it says of that.
 */
async function missingIstiods(request: ApiRequest, services: readonly string[]): Promise<Missing | undefined> {
  const missing = await missingDeployments(request, namespace, services);
  if (missing === undefined) return undefined;
  const events = await request("GET", `/api/v1/namespaces/${namespace}/events?fieldSelector=reason%3DFailedMount`);
  const [last] = elements(at(events.body, "items"))
    .map((event) => ({ time: String(at(event, "lastTimestamp")), message: at(event, "message") }))
    .sort((a, b) => b.time.localeCompare(a.time));
  if (typeof last?.message !== "string") return missing;
  const secret = /objectName:([^,]+),.*Message="([^"]*)"/.exec(last.message);
  return secret === null
    ? { ...missing, what: `${missing.what} (${last.message})` }
    : {
        what: `${missing.what} (secret ${secret[1]} of the key vault: ${secret[2]})`,
        look: "istio.certificateAuthority: are the four secrets in the vault under these names, and may the add-on's identity read them? See docs/certificates.md",
      };
}

/** A webhook that is answered by one of the Services has istiod's certificate authority, and the Service a ready endpoint. */
async function missingWebhook(
  request: ApiRequest,
  resource: "validatingwebhookconfigurations" | "mutatingwebhookconfigurations",
  services: readonly string[],
): Promise<Missing | undefined> {
  const answer = await request("GET", `/apis/admissionregistration.k8s.io/v1/${resource}`);
  const webhooks = elements(at(answer.body, "items"))
    .flatMap((configuration) => elements(at(configuration, "webhooks")))
    .filter((hook) => at(hook, "clientConfig", "service", "namespace") === namespace)
    .filter((hook) => services.some((service) => at(hook, "clientConfig", "service", "name") === service));
  const look = `kubectl get ${resource}, and the logs of deployment ${services.join(" and ")} in ${namespace}`;
  const [first] = webhooks;
  if (first === undefined) {
    return { what: `a webhook of ${services.join(" or ")} among the ${resource}`, look };
  }
  const bare = webhooks.find((hook) => !at(hook, "clientConfig", "caBundle"));
  if (bare !== undefined) {
    return { what: `the certificate authority of webhook ${String(at(bare, "name"))}, which istiod writes`, look };
  }
  return missingEndpoint(
    request,
    namespace,
    String(at(first, "clientConfig", "service", "name")),
    String(at(first, "name")),
  );
}

/** Name of the object that is never made. */
const probe = "aks-mesh-probe";

/**
 * The validating webhook decides: the API server is asked, as a dry run, to create an AuthorizationPolicy that fits its schema and that
 * only istiod refuses. Refused by it, the whole way from API server to istiod works.
 */
async function missingDecision(request: ApiRequest): Promise<Missing | undefined> {
  const look = `the logs of istiod in ${namespace}, and whether the API server reaches pods (konnectivity-agent on AKS)`;
  const answer = await request(
    "POST",
    `/apis/security.istio.io/v1/namespaces/${namespace}/authorizationpolicies?dryRun=All`,
    {
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: probe, namespace },
      spec: { action: "DENY", rules: [{ from: [{ source: { ipBlocks: ["no address"] } }] }] },
    },
  );
  const message = at(answer.body, "message");
  if (typeof message === "string" && message.includes("validation.istio.io") && message.includes("denied")) {
    return undefined;
  }
  return answer.status === 201
    ? { what: "istiod's validating webhook to be asked (an object that it must refuse was let through)", look }
    : { what: `istiod's validating webhook to answer (${described(answer)})`, look };
}

/** Version and trust domain, from the Deployment and the ConfigMap of a revision. */
async function istioFacts(request: ApiRequest, revision: string): Promise<IstioFacts> {
  const deployment = await request("GET", `/apis/apps/v1/namespaces/${namespace}/deployments/${istiod(revision)}`);
  const [container] = elements(at(deployment.body, "spec", "template", "spec", "containers"));
  const version = /:v?(\d+\.\d+(?:\.\d+)?)/.exec(String(at(container, "image") ?? ""))?.[1];
  const config = await request("GET", `/api/v1/namespaces/${namespace}/configmaps/istio-${revision}`);
  const text = at(config.body, "data", "mesh");
  const trustDomain = typeof text === "string" ? at(parse(text), "trustDomain") : undefined;
  return {
    istioVersion: version ?? "unknown",
    trustDomain: typeof trustDomain === "string" && trustDomain !== "" ? trustDomain : "cluster.local",
  };
}

/**
 * Waits until the mesh can be given policies and pods: the API server answers us, the definitions are established, istiod of each
 * revision is available, its injecting webhook is registered and reachable, and the newest one's validating webhook decides.
 *
 * @throws Error that names what was missing when the time ran out, and what to look at.
 */
export async function waitForIstio(options: IstioWaitOptions): Promise<IstioFacts> {
  const { request, revisions } = options;
  const addon = "whether the add-on is enabled: az aks show --query serviceMeshProfile";
  const services = revisions.map(istiod);
  await waitUntilReady(
    "Istio",
    [
      () => missingAccess(request, namespace, addon),
      () => missingDefinitions(request, options.customResourceDefinitions, addon),
      () => missingIstiods(request, services),
      ...services.map((service) => () => missingWebhook(request, "mutatingwebhookconfigurations", [service])),
      // One revision validates for all.
      () => missingWebhook(request, "validatingwebhookconfigurations", services),
      () => missingDecision(request),
      ...(options.egressNamespaces ?? []).map(
        (egress) => () =>
          missingAccess(
            request,
            egress,
            "the egress gateways: az aks show --query serviceMeshProfile.istio.components",
          ),
      ),
    ],
    options,
  );
  return istioFacts(request, revisions[0] ?? "");
}
