import { durationSeconds } from "../../policy/duration";
import { maxUint32 } from "../../policy/call-rules";
import { errorCodes } from "../../policy/envoy-words";
import { type HttpLocalRateLimit } from "../../policy/settings";
import { type UpstreamTrafficSetting } from "../kinds";
import { type Surroundings } from "./context";
import { checkPattern } from "./http-route-group";
import { type Report } from "../../analysis/object-report";
import { hostParts } from "./values";

/** Checks an UpstreamTrafficSetting by itself. OSM's webhook would check host and codes, but is never asked about this kind. */
export function checkUpstreamTrafficSetting(
  { metadata, spec }: UpstreamTrafficSetting,
  around: Surroundings,
  report: Report,
): void {
  const { namespace, name } = metadata;
  const usedByEgress = around.isForEgress(namespace, name);
  if (!usedByEgress) {
    checkHost(spec.host, namespace, around, report);
  } else if (spec.host.split(".").length < 2) {
    report.error(
      "setting-host",
      "spec.host",
      `${JSON.stringify(spec.host)} is no full host name`,
      "write one such as httpbin.org",
    );
  }
  const { tcp, http } = spec.connectionSettings ?? {};
  if (tcp?.connectTimeout !== undefined) {
    const seconds = durationSeconds(tcp.connectTimeout);
    if (seconds === undefined || seconds <= 0) {
      report.error(
        "duration",
        "spec.connectionSettings.tcp.connectTimeout",
        `${JSON.stringify(tcp.connectTimeout)} is no duration above 0`,
        "write one such as 5s",
      );
    }
  }
  const counts: [string, number | undefined][] = [
    ["tcp.maxConnections", tcp?.maxConnections],
    ["http.maxRequests", http?.maxRequests],
    ["http.maxRequestsPerConnection", http?.maxRequestsPerConnection],
    ["http.maxPendingRequests", http?.maxPendingRequests],
    ["http.maxRetries", http?.maxRetries],
  ];
  for (const [key, value] of counts) {
    if (value !== undefined && value > maxUint32) {
      report.error(
        "setting-count",
        `spec.connectionSettings.${key}`,
        `${value} does not fit 32 bits`,
        `write at most ${maxUint32}`,
      );
    }
  }
  const { local } = spec.rateLimit ?? {};
  if (local?.tcp !== undefined) {
    checkLimit(local.tcp, "connections", local.tcp.connections, "spec.rateLimit.local.tcp", report);
  }
  if (local?.http !== undefined) {
    checkHttpLimit(local.http, "spec.rateLimit.local.http", report);
  }
  const routes = around.pathsOf(namespace);
  spec.httpRoutes?.forEach((route, index) => {
    const path = `spec.httpRoutes[${index}]`;
    if (typeof route.path !== "string") {
      report.error("setting-path", `${path}.path`, "is missing", "write the text of a route group's pathRegex");
      return;
    }
    checkPattern(route.path, `${path}.path`, report);
    if (!usedByEgress && around.complete && routes.size > 0 && !routes.has(route.path)) {
      report.warning(
        "setting-path",
        `${path}.path`,
        `no route of namespace ${namespace} has the pathRegex ${JSON.stringify(route.path)}, and OSM compares the text`,
        `write one of ${[...routes].map((text) => JSON.stringify(text)).join(", ")}`,
      );
    }
    if (route.rateLimit?.local !== undefined) {
      checkHttpLimit(route.rateLimit.local, `${path}.rateLimit.local`, report);
    }
  });
}

/** The host has to be the full name of a Service of the same namespace: OSM compares the text. */
function checkHost(host: string, namespace: string, around: Surroundings, report: Report): void {
  const { service, namespace: named } = hostParts(host);
  const full = `${service}.${namespace}.svc.cluster.local`;
  if (host.split(".").length < 2) {
    report.error("setting-host", "spec.host", `${JSON.stringify(host)} is no full host name`, `write ${full}`);
  } else if (named !== namespace) {
    report.error(
      "setting-host",
      "spec.host",
      `the host is in namespace ${named}, and OSM looks for settings in the host's own`,
      `put the object into namespace ${named}`,
    );
  } else if (!/^[^.]+\.[^.]+\.svc\..+$/.test(host)) {
    report.error(
      "setting-host",
      "spec.host",
      `${JSON.stringify(host)} is not the full name, which OSM compares`,
      `write ${full}`,
    );
  } else if (!around.hasService(namespace, service)) {
    report.error(
      "missing-service",
      "spec.host",
      `there is no Service ${service} in namespace ${namespace}`,
      "add it, or name another",
    );
  }
}

/** Checks a limit of requests. */
function checkHttpLimit(limit: HttpLocalRateLimit, path: string, report: Report): void {
  checkLimit(limit, "requests", limit.requests, path, report);
  const code = limit.responseStatusCode;
  if (code !== undefined && !errorCodes.has(code)) {
    report.error(
      "status-code",
      `${path}.responseStatusCode`,
      `Envoy has no status code ${code}`,
      "write one such as 429 or 503",
    );
  }
  limit.responseHeadersToAdd?.forEach(({ name }, index) => {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
      report.error(
        "header-name",
        `${path}.responseHeadersToAdd[${index}].name`,
        `${JSON.stringify(name)} is no header name`,
        "write letters, digits and -",
      );
    }
  });
}

/** Checks what limits of connections and of requests have in common. The CRD lets both fields be left out; Envoy does not. */
function checkLimit(
  { unit, burst }: { unit?: string; burst?: number },
  what: string,
  amount: number | undefined,
  path: string,
  report: Report,
): void {
  if (amount === undefined) {
    report.error("limit-amount", `${path}.${what}`, "is missing", "write how many may pass in each unit of time");
  }
  if (unit === undefined) {
    report.error("limit-unit", `${path}.unit`, "is missing, so OSM drops the limit", "write second, minute or hour");
  }
  if (burst !== undefined && burst < 0) {
    report.error("limit-burst", `${path}.burst`, `${burst} is negative, which OSM cannot read`, "write 0 or more");
  }
}
