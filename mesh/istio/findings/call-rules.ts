import { type Finding, finding } from "../../analysis/finding";
import { askers, multipliedRemedy, multipliedText, type RetriedCall, retryChains } from "../../analysis/retry-chains";
import { type AccountKey, keyOf } from "../../cluster/keys";
import { isJsonObject, type ValuePath } from "../../manifests";
import { numberAt, textAt, valueAt } from "../../manifests/inside";
import { durationSeconds } from "../../policy/duration";
import { resolveName } from "../calls/virtual-hosts";
import { type IstioMesh } from "../mesh";
import { type HttpRouteState, type VirtualServiceState } from "../state/virtual-services";

/** Retries, timeouts, limits and faults that do not do what they say, or multiply. */
export function callRuleFindings(mesh: IstioMesh): readonly Finding[] {
  return [...timeoutFindings(mesh), ...limitFindings(mesh), ...faultFindings(mesh), ...chainFindings(mesh)];
}

/** Envoy waits before its nth retry up to 2ⁿ − 1 times the base, and at most ten times (RetryStateImpl, JitteredExponentialBackOffStrategy). */
function longestBackoff(retries: number, base: number): number {
  return Array.from({ length: retries }, (_, index) => Math.min(2 ** (index + 1) - 1, 10) * base).reduce(
    (sum, one) => sum + one,
    0,
  );
}

/** Envoy's base interval where none is written, in seconds. */
const defaultBackoff = 0.025;

/** Retries that a finding counts at most. */
const mostRetries = 1000;

/** VirtualServices, without those that istiod makes of the Gateway API's routes: these say such things in other places. */
function writtenOnes(mesh: IstioMesh): readonly VirtualServiceState[] {
  return mesh.state.virtualServices.filter(({ semantics }) => semantics === "istio");
}

function timeoutFindings(mesh: IstioMesh): readonly Finding[] {
  return writtenOnes(mesh).flatMap((service) =>
    service.http.flatMap(({ index }): readonly Finding[] => {
      const path: ValuePath = ["spec", "http", index];
      const { object } = service;
      const seconds = (field: ValuePath): number => durationSeconds(textAt(object, ...path, ...field) ?? "") ?? 0;
      const timeout = seconds(["timeout"]);
      const attempt = seconds(["retries", "perTryTimeout"]);
      const attempts = numberAt(object, ...path, "retries", "attempts") ?? 0;
      if (timeout <= 0 || attempt <= 0 || attempts <= 0) return [];
      if (attempt >= timeout) {
        return [
          finding(mesh, service, [...path, "retries", "perTryTimeout"], {
            severity: "warning",
            rule: "timeout-before-retry",
            message: `The timeout of the whole, ${String(timeout)} s, comes no later than that of one attempt, ${String(attempt)} s: a slow attempt is never tried again.`,
            remedy: `Write a timeout above ${String(attempt)} s times the attempts, or a shorter perTryTimeout.`,
          }),
        ];
      }
      const retries = Math.min(attempts, mostRetries);
      const backoff = longestBackoff(retries, seconds(["retries", "backoff"]) || defaultBackoff);
      const needed = (retries + 1) * attempt + backoff;
      // Times are sums of floating-point numbers.
      if (needed <= timeout + 1e-9) return [];
      return [
        finding(mesh, service, [...path, "timeout"], {
          severity: "warning",
          rule: "timeout-before-retries",
          message: `${String(retries + 1)} attempts of ${String(attempt)} s and up to ${backoff.toFixed(3)} s between them take up to ${needed.toFixed(3)} s: the timeout of ${String(timeout)} s may end the call before its last attempt has had its time.`,
          remedy: `Write a timeout of at least ${needed.toFixed(3)} s, fewer attempts, or a shorter perTryTimeout.`,
        }),
      ];
    }),
  );
}

/** Numbers that Istio leaves out of Envoy's configuration where they are 0 (applyConnectionPool in cluster_traffic_policy.go). */
const limits: readonly ValuePath[] = [
  ["tcp", "maxConnections"],
  ["http", "http1MaxPendingRequests"],
  ["http", "http2MaxRequests"],
  ["http", "maxRetries"],
];

function limitFindings(mesh: IstioMesh): readonly Finding[] {
  return mesh.state.destinationRules.flatMap((rule): readonly Finding[] => {
    const policy: ValuePath = ["spec", "trafficPolicy"];
    const zeros = limits
      .map((path) => [...policy, "connectionPool", ...path])
      .filter((path) => numberAt(rule.object, ...path) === 0)
      .map((path) =>
        finding(mesh, rule, path, {
          severity: "warning",
          rule: "limit-is-none",
          message: "Istio takes 0 for no limit: as many as there are pass.",
          remedy: "Write 1 or more, or take it out.",
        }),
      );
    const detection: ValuePath = [...policy, "outlierDetection"];
    const errors = ["consecutive5xxErrors", "consecutiveGatewayErrors", "consecutiveLocalOriginFailures"].map((name) =>
      numberAt(rule.object, ...detection, name),
    );
    const isOff = errors[0] === 0 && errors.every((one) => one === undefined || one === 0);
    if (isOff) {
      return [
        ...zeros,
        finding(mesh, rule, [...detection, "consecutive5xxErrors"], {
          severity: "warning",
          rule: "outliers-stay",
          message: "0 turns the counting of errors off, and nothing else is counted: no pod is ever left out.",
          remedy: "Write how many errors in a row are too many, such as 5, or take outlierDetection out.",
        }),
      ];
    }
    return zeros;
  });
}

/** Faults of which no share of the calls is said, which istiod hands on as they are, and Envoy takes for none (route.go, TranslateFault). */
function faultFindings(mesh: IstioMesh): readonly Finding[] {
  return writtenOnes(mesh).flatMap((service) =>
    service.http.flatMap(({ index, fault }) =>
      (fault === undefined ? [] : ["abort", "delay"]).flatMap((kind): readonly Finding[] => {
        const path: ValuePath = ["spec", "http", index, "fault", kind];
        const share =
          numberAt(service.object, ...path, "percentage", "value") ?? numberAt(service.object, ...path, "percent");
        if (!isJsonObject(valueAt(service.object, ...path)) || share !== undefined) return [];
        return [
          finding(mesh, service, path, {
            severity: "warning",
            rule: "fault-of-no-call",
            message: `The ${kind} says no share of the calls, which Istio takes for none of them.`,
            remedy: "Write percentage: {value: 100} for all calls, or take it out.",
          }),
        ];
      }),
    ),
  );
}

function chainFindings(mesh: IstioMesh): readonly Finding[] {
  const retrying = writtenOnes(mesh).filter((service) => service.http.some((route) => attemptsOf(service, route) > 0));
  if (retrying.length === 0) return [];
  const askersOf = askers(mesh);
  const inMesh = new Set(mesh.access().callers);
  const calls = new Map<string, RetriedCall<{ readonly service: VirtualServiceState; readonly path: ValuePath }>>();
  for (const service of retrying) {
    const called = new Set(
      service.hosts.flatMap((host) => {
        const found = mesh.registry.find(resolveName(host, service.namespace))?.service;
        return found === undefined ? [] : [keyOf(found.namespace, found.name)];
      }),
    );
    for (const route of service.http) {
      const retries = attemptsOf(service, route);
      if (retries === 0) continue;
      const path: ValuePath = ["spec", "http", route.index, "retries", "attempts"];
      for (const key of called) {
        const asking = [...askersOf(key)].filter((one) => inMesh.has(one) && takes(mesh, route, one));
        for (const from of asking.sort()) {
          const known = calls.get(`${from} ${key}`);
          if (known !== undefined && known.retries >= retries) continue;
          calls.set(`${from} ${key}`, { from, service: key, retries, by: { service, path } });
        }
      }
    }
  }
  return retryChains(mesh, [...calls.values()]).map((chain) => {
    const { service, path } = chain.calls[0].by;
    return finding(mesh, service, path, {
      severity: "warning",
      rule: "retries-multiply",
      message: multipliedText(chain),
      remedy: multipliedRemedy,
    });
  });
}

/** Retries that a route itself asks for. */
function attemptsOf({ object }: VirtualServiceState, { index }: HttpRouteState): number {
  return Math.max(0, numberAt(object, "spec", "http", index, "retries", "attempts") ?? 0);
}

/** Whether a route takes any request of an account's pods, as far as labels and namespaces tell. */
function takes(mesh: IstioMesh, { matches }: HttpRouteState, account: AccountKey): boolean {
  if (matches.length === 0) return true;
  const pods = mesh.podsOf(account);
  return matches.some(({ sourceLabels, sourceNamespace }) =>
    pods.some(
      ({ namespace, labels }) =>
        (sourceNamespace === "" || sourceNamespace === namespace) &&
        Object.entries(sourceLabels).every(([name, value]) => labels[name] === value),
    ),
  );
}
