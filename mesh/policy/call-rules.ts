import { durationSeconds } from "./duration";
import { errorCodes, retryConditions } from "./envoy-words";
import { type Policy, type PolicyService } from "./model";
import { isTcpPort, kubernetesName, namesOf, PolicyError, serviceOf } from "./names";
import { type ConnectionSettings, type HttpLocalRateLimit, type OutlierDetection, type RateLimit } from "./settings";

/** The largest count that Envoy takes. */
export const maxUint32 = 4294967295;

/**
 * Checks retries, timeouts and limits, whatever the mesh.
 *
 * @throws {PolicyError} where a value is none, where two rules speak of the same calls, and where a rule can do nothing.
 */
export function checkCallRules(policy: Policy): void {
  checkRetries(policy);
  checkTimeouts(policy);
  checkLimits(policy);
}

function checkRetries(policy: Policy): void {
  const seen = new Map<string, string>();
  (policy.retries ?? []).forEach(({ from, to, policy: retry }, index) => {
    const place = `retries[${String(index)}]`;
    const caller = accountOf(serviceOf(policy, from, `${place}.from`));
    if (to.length === 0) throw new PolicyError(`${place}.to: name a service.`);
    for (const name of to) {
      refuseWithoutHttp(policy, name, `${place}.to`, "retries");
      refuseSecond(seen, `${caller} ${name}`, `${place}.to`, `calls of ${from} to ${name}`);
    }
    const at = `${place}.policy`;
    checkCount(retry.numRetries, `${at}.numRetries`);
    checkDuration(retry.perTryTimeout, `${at}.perTryTimeout`);
    checkDuration(retry.retryBackoffBaseInterval, `${at}.retryBackoffBaseInterval`);
    const unknown = retry.retryOn.split(",").filter((word) => !retryConditions.includes(word));
    if (unknown.length === 0) return;
    throw new PolicyError(
      `${at}.retryOn: Envoy has no condition ${unknown.map((word) => JSON.stringify(word)).join(", ")}; write a list of them with commas and no blanks, such as 5xx,connect-failure.`,
    );
  });
}

/** What every caller is held to that no rule names. */
const others = "others";

function checkTimeouts(policy: Policy): void {
  const seen = new Map<string, string>();
  const rules = new Map<string, { readonly seconds: number; readonly place: string }>();
  (policy.timeouts ?? []).forEach(({ from, to, timeout }, index) => {
    const place = `timeouts[${String(index)}]`;
    refuseWithoutHttp(policy, to, `${place}.to`, "timeouts");
    const seconds = checkDuration(timeout, `${place}.timeout`);
    const callers = from === undefined ? [] : typeof from === "string" ? [from] : from;
    if (from !== undefined && callers.length === 0) {
      throw new PolicyError(`${place}.from: name a caller, or leave it out for all.`);
    }
    const keys = from === undefined ? [others] : callers.map((name) => accountOf(serviceOf(policy, name, place)));
    for (const key of keys) {
      refuseSecond(seen, `${key} ${to}`, place, `calls of ${key === others ? "all others" : key} to ${to}`);
      rules.set(`${key} ${to}`, { seconds, place });
    }
  });
  for (const { from, to, policy: retry } of policy.retries ?? []) {
    const attempt = durationSeconds(retry.perTryTimeout) ?? 0;
    for (const name of to) {
      const caller = accountOf(serviceOf(policy, from, "retries"));
      const rule = rules.get(`${caller} ${name}`) ?? rules.get(`${others} ${name}`);
      if (rule === undefined || rule.seconds > attempt) continue;
      throw new PolicyError(
        `${rule.place}.timeout: ${from} tries calls to ${name} again after ${retry.perTryTimeout} each, which the timeout never lets it come to. Write more than ${retry.perTryTimeout}, or a shorter perTryTimeout.`,
      );
    }
  }
}

function checkLimits(policy: Policy): void {
  const seen = new Map<string, string>();
  (policy.limits ?? []).forEach(({ service, connections, outliers, rate, routes }, index) => {
    const place = `limits[${String(index)}]`;
    const { namespace } = serviceOf(policy, service, `${place}.service`);
    refuseSecond(seen, `${namespace}/${kubernetesName(policy, service)}`, place, `calls to ${service}`);
    if (connections === undefined && outliers === undefined && rate === undefined && routes === undefined) {
      throw new PolicyError(`${place}: it limits nothing; write connections, outliers, rate or routes.`);
    }
    if (connections?.http !== undefined || rate?.local?.http !== undefined || routes !== undefined) {
      refuseWithoutHttp(policy, service, place, "limits of requests");
    }
    if (connections !== undefined) checkConnections(connections, `${place}.connections`);
    if (outliers !== undefined) checkOutliers(outliers, `${place}.outliers`);
    if (rate !== undefined) checkRate(rate, `${place}.rate`);
    const limited = new Map<string, string>();
    (routes ?? []).forEach(({ route, http }, at) => {
      const path = `${place}.routes[${String(at)}]`;
      const known = namesOf(policy).routes.get(route);
      if (known === undefined) throw new PolicyError(`${path}.route: there is no route ${route}.`);
      const text = policy.routes?.[known.group]?.[known.route]?.path ?? ".*";
      refuseSecond(limited, text, `${path}.route`, `requests of the path ${JSON.stringify(text)}`);
      const used = (policy.access ?? []).some(
        ({ to, routes: allowed = [] }) => to === service && allowed.includes(route),
      );
      if (!used) {
        throw new PolicyError(`${path}.route: nobody may call ${service} by it; name a route of an access rule.`);
      }
      checkHttpRate(http, `${path}.http`);
    });
  });
}

function checkConnections({ tcp, http }: ConnectionSettings, place: string): void {
  const counts = {
    "tcp.maxConnections": tcp?.maxConnections,
    "http.maxRequests": http?.maxRequests,
    "http.maxRequestsPerConnection": http?.maxRequestsPerConnection,
    "http.maxPendingRequests": http?.maxPendingRequests,
    "http.maxRetries": http?.maxRetries,
  };
  for (const [key, value] of Object.entries(counts)) if (value !== undefined) checkCount(value, `${place}.${key}`);
  if (tcp?.connectTimeout !== undefined) checkDuration(tcp.connectTimeout, `${place}.tcp.connectTimeout`);
}

function checkOutliers(
  { consecutiveErrors, interval, baseEjectionTime, maxEjectionPercent }: OutlierDetection,
  place: string,
): void {
  if (consecutiveErrors !== undefined) checkCount(consecutiveErrors, `${place}.consecutiveErrors`);
  if (interval !== undefined) checkDuration(interval, `${place}.interval`);
  if (baseEjectionTime !== undefined) checkDuration(baseEjectionTime, `${place}.baseEjectionTime`);
  checkCount(maxEjectionPercent, `${place}.maxEjectionPercent`, 100);
}

function checkRate({ local }: RateLimit, place: string): void {
  if (local?.tcp === undefined && local?.http === undefined) {
    throw new PolicyError(`${place}: it limits nothing; write local.tcp or local.http.`);
  }
  if (local.tcp !== undefined) {
    checkCount(local.tcp.connections, `${place}.local.tcp.connections`);
    checkBucket(local.tcp, `${place}.local.tcp`);
  }
  if (local.http !== undefined) checkHttpRate(local.http, `${place}.local.http`);
}

function checkHttpRate(limit: HttpLocalRateLimit, place: string): void {
  checkCount(limit.requests, `${place}.requests`);
  checkBucket(limit, place);
  const { responseStatusCode: code } = limit;
  if (code !== undefined && !errorCodes.has(code)) {
    throw new PolicyError(
      `${place}.responseStatusCode: Envoy has no error code ${String(code)}; write one such as 429.`,
    );
  }
}

function checkBucket({ unit, burst = 0 }: { readonly unit: string; readonly burst?: number }, place: string): void {
  if (!["second", "minute", "hour"].includes(unit)) {
    throw new PolicyError(`${place}.unit: ${JSON.stringify(unit)} is no unit; write second, minute or hour.`);
  }
  if (!Number.isInteger(burst) || burst < 0 || burst > maxUint32) {
    throw new PolicyError(`${place}.burst: ${String(burst)} is no count; write an integer ≥ 0, or leave it out.`);
  }
}

function checkCount(value: number, place: string, most = maxUint32): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new PolicyError(
    `${place}: ${String(value)} is none that can be meant; write an integer from 1 to ${String(most)}, or leave out what it is for.`,
  );
}

/** @returns its length in seconds. */
function checkDuration(text: string, place: string): number {
  const seconds = durationSeconds(text);
  const milliseconds = (seconds ?? 0) * 1000;
  // Milliseconds are the finest that Istio takes; a sum of floating-point numbers is a little beside a whole one.
  const isWhole = Math.abs(milliseconds - Math.round(milliseconds)) < 1e-6;
  if (seconds !== undefined && milliseconds >= 1 && isWhole) return seconds;
  throw new PolicyError(
    `${place}: ${JSON.stringify(text)} is no duration of whole milliseconds above 0; write one such as 250ms or 2s.`,
  );
}

function refuseWithoutHttp(policy: Policy, name: string, place: string, what: string): void {
  const { ports = [] } = serviceOf(policy, name, place);
  if (ports.some(({ protocol }) => !isTcpPort(protocol))) return;
  throw new PolicyError(
    `${place}: ${what} are for HTTP, and ${name} has no port that speaks http or grpc; leave it out.`,
  );
}

function refuseSecond(seen: Map<string, string>, key: string, place: string, what: string): void {
  const first = seen.get(key);
  if (first !== undefined) throw new PolicyError(`${place}: ${first} is for ${what} already; keep one of them.`);
  seen.set(key, place);
}

function accountOf({ namespace, serviceAccount }: PolicyService): string {
  return `${namespace}/${serviceAccount}`;
}
