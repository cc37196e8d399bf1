/** What the API server answered: status code and the body's JSON, or undefined where there is none. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Sends one request to the API server, whose answer is JSON, or what `accept` says; a PATCH merges its body. Rejects where no answer came. */
export type ApiRequest = (
  method: "GET" | "POST" | "PATCH" | "DELETE",
  path: string,
  body?: object,
  accept?: string,
) => Promise<ApiAnswer>;

/** What is needed to wait. */
export interface Waiting {
  readonly request: ApiRequest;
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

/** Something that is not there yet. */
export interface Missing {
  /** What is missing, as the end of "waiting for …". */
  readonly what: string;
  /** Where a person should look. */
  readonly look: string;
  /** Whether that is said while it is waited for, too: where nothing comes by itself. Default: at the end alone. */
  readonly needsSomebody?: boolean;
}

/** Follows keys into a JSON value; undefined where the way ends. */
export function at(value: unknown, ...keys: string[]): unknown {
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
export function elements(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Whether an object's status holds a condition of this type with status True. */
export function holds(object: unknown, type: string): boolean {
  return elements(at(object, "status", "conditions")).some(
    (condition) => at(condition, "type") === type && at(condition, "status") === "True",
  );
}

/** Describes an answer that is no success. */
export function described(answer: ApiAnswer): string {
  const message = at(answer.body, "message");
  return typeof message === "string" ? `${answer.status}: ${message}` : String(answer.status);
}

/**
 * The API server lets us read the control plane's namespace.
 *
 * @param whereItIs Where a person should look who does not find it.
 */
export async function missingAccess(
  request: ApiRequest,
  namespace: string,
  whereItIs: string,
): Promise<Missing | undefined> {
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
      return { what: `namespace ${namespace}`, look: whereItIs };
    default:
      return { what: `the API server (it answered ${described(answer)})`, look: "the cluster's state: az aks show" };
  }
}

/**
 * The definitions that are not established.
 *
 * @param look Where a person should look.
 */
export async function missingDefinitions(
  request: ApiRequest,
  wanted: readonly string[],
  look: string,
): Promise<Missing | undefined> {
  const answer = await request("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions");
  const established = new Set(
    elements(at(answer.body, "items"))
      .filter((definition) => holds(definition, "Established"))
      .map((definition) => at(definition, "metadata", "name")),
  );
  const missing = wanted.filter((name) => !established.has(name));
  return missing.length === 0
    ? undefined
    : { what: `${missing.length} of ${wanted.length} CustomResourceDefinitions: ${missing.join(", ")}`, look };
}

/** The deployments of the control plane that are not available. */
export async function missingDeployments(
  request: ApiRequest,
  namespace: string,
  wanted: readonly string[],
): Promise<Missing | undefined> {
  const answer = await request("GET", `/apis/apps/v1/namespaces/${namespace}/deployments`);
  const available = new Set(
    elements(at(answer.body, "items"))
      .filter((deployment) => holds(deployment, "Available"))
      .map((deployment) => at(deployment, "metadata", "name")),
  );
  const missing = wanted.filter((name) => !available.has(name));
  return missing.length === 0
    ? undefined
    : {
        what: `deployment ${missing.join(" and ")} in ${namespace} to be available`,
        look: `kubectl -n ${namespace} describe deployment ${missing.join(" ")}; is there a node with room for system pods?`,
      };
}

/** The endpoint that a webhook's Service does not have. */
export async function missingEndpoint(
  request: ApiRequest,
  namespace: string,
  service: string,
  webhook: string,
): Promise<Missing | undefined> {
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
        what: `a ready endpoint of Service ${service}, behind webhook ${webhook}`,
        look: `kubectl -n ${namespace} get endpointslices,pods`,
      };
}

/**
 * Waits until no condition misses anything; they are looked at in their order. A rejected request counts as "not yet", except
 * where the error says `final: true`.
 *
 * @param mesh Name of what is waited for.
 * @throws Error that names what was missing when the time ran out, and what to look at.
 */
export async function waitUntilReady(
  mesh: string,
  conditions: readonly (() => Promise<Missing | undefined>)[],
  options: Waiting,
): Promise<void> {
  const now = options.now ?? (() => Date.now());
  const sleep = options.sleep ?? ((milliseconds) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds)));
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
    if (missing === undefined) return;
    if (now() >= deadline) {
      const seconds = Math.round(options.timeout / 1000);
      throw new Error(`${mesh} was not ready after ${seconds} s. Missing: ${missing.what}. Look at: ${missing.look}.`);
    }
    if (missing.what !== reported) {
      reported = missing.what;
      options.report(
        `waiting for ${missing.what}${missing.needsSomebody === true ? `. Look at: ${missing.look}` : ""}`,
      );
    }
    await sleep(options.interval ?? 2000);
  }
}
