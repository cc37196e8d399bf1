import { type MeshName } from "../mesh";
import { type GateQuery, type RolloutGate } from "./rule";

/** What a gate says. `unknown`: it cannot be told, and the rollout stays where it is. */
export interface GateAnswer {
  readonly kind: "holds" | "fails" | "unknown";
  /** Why, with the numbers. */
  readonly text: string;
}

/** Whose gate it is. */
export interface GatePlace {
  readonly mesh: MeshName;
  /** The canary's Kubernetes Service, `namespace/name`. */
  readonly canary: string;
  /** Seconds since the step began. */
  readonly seconds: number;
}

/** Percent of requests that may fail where a gate does not say. */
export const mostErrorPercent = 1;

/** Requests that there have to be where a gate does not say. */
const leastRequests = 100;

/**
 * The time since a step began, as Prometheus writes durations. Never longer: requests of the step before, which another version may have
 * answered, would count as the canary's. In a time in which Prometheus asked once or never the answer is empty, which tells nothing.
 */
function window(seconds: number): string {
  return `${String(Math.max(1, Math.floor(seconds)))}s`;
}

/**
 * Asks a gate. Sidecars of the callers count; of Istio its own telemetry, and else Envoy's counters, as `mesh:requests:rate2m` of
 * docs/observability.md does. That series is not asked, as for two minutes it would still have calls of the step before.
 *
 * @param ask gives the first number of a query's answer; undefined where the answer is empty. What it throws the gate says as its reason.
 */
export async function askGate(
  { errorPercent = mostErrorPercent, minRequests = leastRequests, queries = [] }: RolloutGate,
  place: GatePlace,
  ask: (query: string) => Promise<number | undefined>,
): Promise<GateAnswer> {
  const since = window(place.seconds);
  try {
    const total = (await ask(requestsQuery(place, "", since))) ?? 0;
    const rounded = Math.round(total);
    if (rounded < minRequests) {
      return {
        kind: "unknown",
        text: `${number(rounded)} requests to the canary in ${since}, and it takes ${number(minRequests)} to tell`,
      };
    }
    const failed = (await ask(requestsQuery(place, ', response_code=~"5.."', since))) ?? 0;
    const percent = (100 * failed) / total;
    const count = `${number(Math.round(failed))} of ${number(rounded)} requests failed in ${since}`;
    const errors = `${count} (${percent.toFixed(1)} %), at most ${String(errorPercent)} % may`;
    if (percent > errorPercent) return { kind: "fails", text: errors };
    const others = await Promise.all(queries.map((one) => askQuery(one, since, ask)));
    const first = (kind: GateAnswer["kind"]) => others.find((other) => other.kind === kind);
    const bad = first("fails") ?? first("unknown");
    return bad ?? { kind: "holds", text: [errors, ...others.map(({ text }) => text)].join("; ") };
  } catch (error) {
    return { kind: "unknown", text: error instanceof Error ? error.message : String(error) };
  }
}

async function askQuery(
  { name, query, atMost = Infinity, atLeast = -Infinity }: GateQuery,
  since: string,
  ask: (query: string) => Promise<number | undefined>,
): Promise<GateAnswer> {
  const value = await ask(query.replaceAll("$since", since));
  if (value === undefined || Number.isNaN(value)) return { kind: "unknown", text: `${name}: no answer` };
  const bounds = [
    ...(atMost === Infinity ? [] : [`at most ${String(atMost)}`]),
    ...(atLeast === -Infinity ? [] : [`at least ${String(atLeast)}`]),
  ].join(" and ");
  const within = value <= atMost && value >= atLeast;
  return { kind: within ? "holds" : "fails", text: `${name} is ${String(Number(value.toPrecision(4)))}, ${bounds}` };
}

/** How many requests each of some Services of a namespace got in a time, as the callers' sidecars counted, by the label `service`. */
export function sharesQuery(namespace: string, services: readonly string[], seconds: number): string {
  const names = services.join("|");
  const since = `[${window(seconds)}]`;
  const counted = (counter: string, label: string) =>
    `label_replace(sum by (${label}) (increase(${counter}${since})), "service", "$1", "${label}", "(.*)")`;
  const istio = counted(
    `istio_requests_total{reporter="source", destination_service_namespace="${namespace}", destination_service_name=~"${names}"}`,
    "destination_service_name",
  );
  const envoy = counted(
    `envoy_cluster_upstream_rq{job="mesh-sidecars", destination_namespace="${namespace}", destination_service=~"${names}"}`,
    "destination_service",
  );
  return `${istio} or on (service) ${envoy}`;
}

/**
 * The percent of the requests to a canary that failed in a time, as one query. Empty where there were none.
 *
 * @param since as Prometheus writes durations.
 */
export function errorPercentQuery(place: Omit<GatePlace, "seconds">, since: string): string {
  const failed = requestsQuery(place, ', response_code=~"5.."', since);
  return `100 * (${failed} or vector(0)) / (${requestsQuery(place, "", since)})`;
}

/** How many requests the callers' sidecars sent to a Service since the step began. */
function requestsQuery({ mesh, canary }: Omit<GatePlace, "seconds">, selector: string, since: string): string {
  const [namespace = "", service = ""] = canary.split("/");
  const envoy = `sum(increase(envoy_cluster_upstream_rq{job="mesh-sidecars", destination_namespace="${namespace}", destination_service="${service}"${selector}}[${since}]))`;
  if (mesh === "osm") return envoy;
  const istio = `sum(increase(istio_requests_total{reporter="source", destination_service_namespace="${namespace}", destination_service_name="${service}"${selector}}[${since}]))`;
  return `${istio} or ${envoy}`;
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
