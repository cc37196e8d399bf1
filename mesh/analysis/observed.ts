import { keyOf } from "../cluster/keys";
import { isJsonObject, type KubernetesObject } from "../manifests";
import { valueAt } from "../manifests/inside";
import { podTemplateOf } from "../manifests/pod-template";
import { type Outcome } from "../request/request";
import { hostHeaders } from "./host-headers";
import { addressOf, type Mesh, type ServicePort } from "./mesh";
import { summarize } from "./summary";

/** Calls of one workload to one Service, as sidecars counted them. */
export interface SeenCalls {
  /** `namespace/name` of the Deployment, or of what else its pods belong to. */
  readonly workload: string;
  /** `namespace/name` of the Service that the caller's sidecar sent them to. */
  readonly service: string;
  /** Undefined where what counts does not tell it. */
  readonly port: number | undefined;
  /** Requests by status code; none for what is no HTTP. */
  readonly codes: Readonly<Record<string, number>>;
  /** Connections. */
  readonly connections: number;
}

/** Calls that were answered although the policies let nothing of the kind pass. */
export interface ForbiddenCalls extends SeenCalls {
  /** The caller's service account. */
  readonly account: string;
  /** How all of its calls should end. */
  readonly expected: readonly Outcome[];
}

/** Somebody may call, and never did. */
export interface UnusedAccess {
  readonly account: string;
  /** `host:port`. */
  readonly to: string;
}

/** What was seen of a mesh beside what its policies say. */
export interface Observed {
  readonly forbidden: readonly ForbiddenCalls[];
  readonly unused: readonly UnusedAccess[];
  /** Workloads that called, and of which the objects do not tell the account, so that nothing can be said of them. */
  readonly unknown: readonly string[];
  /** Pairs of workload and Service that were seen and are meant. */
  readonly meant: number;
}

/**
 * Status codes by which a mesh itself ends a call. An application may answer so too: such calls are not taken for ones that passed.
 */
const refusals: ReadonlySet<string> = new Set(["0", "403", "404", "502", "503"]);

/**
 * Compares what sidecars counted with what the policies say. Of a pair it is looked whether anything at all may pass: paths and headers are in
 * no counter. Of TCP only the connection is counted, which the called sidecar may have closed: it counts as use, and not as having passed.
 *
 * @param objects Of the mesh: they tell which account a workload runs as.
 */
export function observed(mesh: Mesh, objects: readonly KubernetesObject[], seen: readonly SeenCalls[]): Observed {
  const accounts = accountsOf(objects);
  const relation = mesh.access();
  const entries = relation.entries.map((entry) => ({
    ...entry,
    summary: summarize(entry.tree, hostHeaders(entry.service, entry.callers)),
  }));
  const found = seen.flatMap((calls) => {
    const account = accounts.get(calls.workload);
    return account === undefined ? [] : [{ calls, account }];
  });

  const forbidden: ForbiddenCalls[] = [];
  for (const { calls, account } of found) {
    const about = entries.filter(({ callers, service }) => callers.includes(account) && isCalled(service, calls));
    const passes = about.some(({ summary }) => summary.extent !== "none");
    if (passes || mesh.everyone !== undefined || !wasAnswered(calls)) continue;
    const expected = [...new Set(about.flatMap(({ summary }) => summary.failures))];
    forbidden.push({ ...calls, account, expected: expected.length > 0 ? expected : ["refused"] });
  }

  const unused = new Map<string, UnusedAccess>();
  const used = new Set<string>();
  for (const { callers, service, summary } of entries) {
    if (summary.extent === "none" || service.service === "") continue;
    for (const account of callers) {
      if (!account.includes("/")) continue;
      const to = addressOf(service);
      const key = `${account} ${to}`;
      const own = found.filter((one) => one.account === account).map(({ calls }) => calls);
      if (own.some((calls) => isCalled(service, calls) || Object.hasOwn(summary.shares, calls.service))) used.add(key);
      else unused.set(key, { account, to });
    }
  }
  return {
    forbidden,
    unused: [...unused].filter(([key]) => !used.has(key)).map(([, pair]) => pair),
    unknown: [...new Set(seen.map(({ workload }) => workload))].filter((workload) => !accounts.has(workload)),
    meant: found.length - forbidden.length,
  };
}

/** Whether the calls went there. A sidecar names the port of the Service, or that of its pods. */
function isCalled(service: ServicePort, { service: name, port }: SeenCalls): boolean {
  if (`${service.namespace}/${service.name}` !== name) return false;
  return port === undefined || service.port === port || service.targetPort === port;
}

function wasAnswered({ codes }: SeenCalls): boolean {
  return Object.entries(codes).some(([code, count]) => count > 0 && !refusals.has(code));
}

/** Service accounts by workload, both as `namespace/name`. A pod that runs says for which workload. */
function accountsOf(objects: readonly KubernetesObject[]): ReadonlyMap<string, string> {
  const accounts = new Map<string, string>();
  for (const object of objects) {
    const { namespace = "default", name } = object.metadata;
    const template = podTemplateOf(object);
    if (!isJsonObject(valueAt(template, "spec"))) continue;
    const account = valueAt(template, "spec", "serviceAccountName") ?? valueAt(template, "spec", "serviceAccount");
    const key = keyOf(namespace, typeof account === "string" ? account : "default");
    accounts.set(keyOf(namespace, object.kind === "Pod" ? ownerOf(object, name) : name), key);
  }
  return accounts;
}

/** The Deployment of a ReplicaSet is named as it is, without its hash. */
function ownerOf(pod: KubernetesObject, name: string): string {
  const owners = valueAt(pod, "metadata", "ownerReferences");
  const [owner] = Array.isArray(owners) ? owners.filter(isJsonObject) : [];
  const owned = owner?.["name"];
  if (typeof owned !== "string") return name;
  return owner?.["kind"] === "ReplicaSet" ? owned.replace(/-[a-z0-9]+$/, "") : owned;
}
