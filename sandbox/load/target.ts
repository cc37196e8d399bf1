import { UserError } from "../progress";
import { type Verdict } from "../traffic/analysis";
import { type ClusterObjects, type Pod, type Service } from "../traffic/objects";
import { type LoadOptions } from "./options";

/** Who calls what. */
export interface LoadTarget {
  /** `namespace/service account`. */
  readonly caller: string;
  /** The pod that makes the calls. */
  readonly pod: Pod;
  /** `namespace/name` of the Service. */
  readonly service: string;
  /** Its full name and port. */
  readonly to: string;
}

/**
 * Finds who calls and what is called.
 *
 * @param running pods that run here, with sidecars.
 * @throws UserError that lists what there is.
 */
export function loadTarget(
  { from, to }: Pick<LoadOptions, "from" | "to">,
  { services }: Pick<ClusterObjects, "services">,
  running: readonly Pod[],
): LoadTarget {
  const callers = new Map<string, Pod>();
  for (const pod of running) if (!callers.has(accountOf(pod))) callers.set(accountOf(pod), pod);
  const named = [...callers].filter(([key]) => key === from || key.split("/")[1] === from);
  const [caller, ...others] = named;
  if (caller === undefined) {
    throw new UserError(
      `No pod of the account ${from} runs here with a sidecar. Callers are ${listOf(callers.keys())}.`,
    );
  }
  if (others.length > 0)
    throw new UserError(`${from} is one of ${listOf(named.map(([key]) => key))}: name its namespace too.`);
  const [host = "", portText] = to.split(":");
  const service = serviceNamed(host, services);
  const ports = service.spec.ports?.map(({ port }) => port) ?? [];
  const [only] = ports;
  const port = portText === undefined && ports.length === 1 ? only : Number(portText);
  if (port === undefined || !ports.includes(port)) {
    throw new UserError(
      `Service ${keyOf(service)} has the ports ${listOf(ports.map(String))}: write ${host}:${String(only ?? "PORT")}.`,
    );
  }
  const [key, pod] = caller;
  const full = `${service.metadata.name}.${service.metadata.namespace ?? ""}.svc.cluster.local`;
  return { caller: key, pod, service: keyOf(service), to: `${full}:${String(port)}` };
}

/** @throws UserError where the policy lets no such call pass: then there is no limit to see. */
export function refuseForbidden(target: LoadTarget, { method, path, protocol }: LoadOptions, verdict: Verdict): void {
  const { outcome, outcomes = [outcome], status, because } = verdict;
  if (outcomes.includes("allowed")) return;
  const request = protocol === "tcp" ? "TCP" : `${method} ${path}`;
  const end = status === null ? outcome : `${outcome}, ${String(status)}`;
  throw new UserError(
    `${target.caller} may not call ${target.to} by ${request} (${end}${because.length === 0 ? "" : `: ${because.join("; ")}`}). ` +
      "Name a call that passes, with --path, --method and --header; npm run sandbox -- traffic shows those that the pods make, and aks-mesh access all that may pass.",
  );
}

function serviceNamed(host: string, services: readonly Service[]): Service {
  const [name = "", namespace] = host
    .toLowerCase()
    .replace(/\.svc(\.cluster\.local)?\.?$/, "")
    .split(".");
  const found = services.filter(
    ({ metadata }) => metadata.name === name && (namespace === undefined || metadata.namespace === namespace),
  );
  const [service, ...others] = found;
  if (service !== undefined && others.length === 0) return service;
  const known = services.filter(({ spec }) => spec.selector !== undefined).map(nameOf);
  if (service === undefined) throw new UserError(`There is no Service ${host}. There are ${listOf(known)}.`);
  throw new UserError(`${host} is one of ${listOf(found.map(nameOf))}: name its namespace too.`);
}

/** The account that a pod runs as. */
export function accountOf({ metadata, spec }: Pod): string {
  return `${metadata.namespace}/${spec.serviceAccountName ?? "default"}`;
}

function keyOf({ metadata }: Service): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

function nameOf({ metadata }: Service): string {
  return `${metadata.name}.${metadata.namespace ?? ""}`;
}

function listOf(names: Iterable<string>): string {
  return [...new Set(names)].sort().join(", ") || "none";
}
