import { type Finding, finding } from "../../analysis/finding";
import { type ServicePort } from "../../analysis/mesh";
import { hasAnswer } from "../../analysis/outcome-sets";
import { askers, multipliedRemedy, multipliedText, type RetriedCall, retryChains } from "../../analysis/retry-chains";
import { type ValuePath } from "../../manifests";
import { numberAt, valueAt } from "../../manifests/inside";
import { type OsmMesh } from "../mesh";
import { keyOf, type RetryPolicyObject, type SettingPolicy } from "../state";

/** Retries and limits that do nothing, stop everything, or multiply. */
export function callRuleFindings(mesh: OsmMesh): readonly Finding[] {
  return [...retryFindings(mesh), ...limitFindings(mesh)];
}

const numRetries: ValuePath = ["spec", "retryPolicy", "numRetries"];

function retryFindings(mesh: OsmMesh): readonly Finding[] {
  const { state, catalog } = mesh;
  // Of those that OSM does not read another finding tells.
  if (!state.switches.retryPolicy || state.retries.length === 0) return [];
  const askersOf = askers(mesh);
  const calls: RetriedCall<RetryPolicyObject>[] = [];
  const found: Finding[] = [];
  for (const retry of state.retries) {
    const retries = numberAt(retry.object, ...numRetries) ?? 0;
    retry.destinations.forEach(({ key }, index) => {
      const service = state.services.get(key);
      if (service === undefined) return;
      if (askersOf(key).has(retry.source.key)) {
        if (retries > 0) calls.push({ from: retry.source.key, service: key, retries, by: retry });
        return;
      }
      const isHttp = catalog.meshServicesOf(service).some(({ protocol }) => ["http", "grpc"].includes(protocol));
      found.push(
        finding(mesh, retry, ["spec", "destinations", index], {
          severity: "warning",
          rule: "retry-of-nothing",
          message: isHttp
            ? `No HTTP request of ${retry.source.key} to ${key} passes: nothing is ever tried again.`
            : `No port of Service ${key} speaks HTTP, and retries are of HTTP requests: nothing is ever tried again.`,
          remedy: isHttp
            ? "Let a TrafficTarget allow the calls, or take the destination out."
            : "Take the destination out; a TCP client connects again by itself.",
        }),
      );
    });
  }
  for (const chain of retryChains(mesh, calls)) {
    found.push(
      finding(mesh, chain.calls[0].by, numRetries, {
        severity: "warning",
        rule: "retries-multiply",
        message: multipliedText(chain),
        remedy: multipliedRemedy,
      }),
    );
  }
  return found;
}

const connections: ValuePath = ["spec", "connectionSettings"];

/** Circuit breakers that stop every call where they are 0, and what they are of. */
const breakers: readonly (readonly [path: ValuePath, what: string])[] = [
  [[...connections, "http", "maxRequests"], "request in flight"],
  [[...connections, "http", "maxPendingRequests"], "request that waits for a connection, as the first one does"],
];

function limitFindings(mesh: OsmMesh): readonly Finding[] {
  const { settings } = mesh.state;
  if (settings.length === 0) return [];
  const { services, entries } = mesh.access();
  const ports = new Map<string, ServicePort[]>();
  for (const port of services) {
    const known = ports.get(port.service);
    if (known === undefined) ports.set(port.service, [port]);
    else known.push(port);
  }
  const called = new Set(
    entries.filter(({ tree }) => hasAnswer(tree, "allowed")).map(({ service }) => service.service),
  );
  return settings.flatMap((setting) => settingFindings(mesh, setting, (key) => ports.get(key) ?? [], called));
}

function settingFindings(
  mesh: OsmMesh,
  setting: SettingPolicy,
  portsOf: (service: string) => readonly ServicePort[],
  called: ReadonlySet<string>,
): readonly Finding[] {
  const { object, host, namespace } = setting;
  const [name = ""] = host.split(".");
  const key = keyOf(namespace, name);
  // Of a host of no Service another finding tells.
  if (host !== `${name}.${namespace}.svc.cluster.local` || !mesh.state.services.has(key)) return [];
  const ports = portsOf(key);
  const isHttp = ports.some(({ kind }) => kind === "http");
  const found: Finding[] = [];
  const add = (path: ValuePath, rest: Omit<Finding, "object" | "property" | "position">): void => {
    found.push(finding(mesh, setting, path, rest));
  };
  for (const [path, what] of isHttp ? breakers : []) {
    if (numberAt(object, ...path) !== 0) continue;
    add(path, {
      severity: "error",
      rule: "limit-stops-all",
      message: `No ${what} is let through: every HTTP call to ${key} gets 503 from its caller's own sidecar.`,
      remedy: "Write 1 or more; to let nobody call, take the TrafficTarget out.",
    });
  }
  const maxRetries: ValuePath = [...connections, "http", "maxRetries"];
  const retried = mesh.state.retries.filter(({ destinations }) => destinations.some((one) => one.key === key));
  const isRetried = mesh.state.switches.retryPolicy && retried.length > 0;
  const most = numberAt(object, ...maxRetries);
  if (most === 0 && isRetried) {
    const names = retried.map((one) => `${one.namespace}/${one.name}`).join(", ");
    add(maxRetries, {
      severity: "warning",
      rule: "retries-stopped",
      message: `No retry may be in flight: Retry ${names} does nothing for ${key}.`,
      remedy: "Write 1 or more, or take the Retry out.",
    });
  } else if (most !== undefined && !isRetried) {
    add(maxRetries, {
      severity: "warning",
      rule: "limit-of-nothing",
      message: `It limits retries, and no Retry that OSM reads names ${key}: without one sidecars send each call once.`,
      remedy: "Write a Retry, or take the limit out.",
    });
  }
  const rate: ValuePath = ["spec", "rateLimit", "local", "http"];
  if (!isHttp && ports.length > 0 && valueAt(object, ...rate) !== undefined) {
    add(rate, {
      severity: "warning",
      rule: "limit-of-nothing",
      message: `It limits HTTP requests, and no port of Service ${key} speaks HTTP.`,
      remedy: "Limit connections: rateLimit.local.tcp.",
    });
  }
  if (!called.has(key) && ports.length > 0) {
    add(["spec", "host"], {
      severity: "warning",
      rule: "limit-of-nobody",
      message: `No call to ${key} passes from anywhere: there is nothing to limit.`,
      remedy: "Let a TrafficTarget allow calls, or take the setting out.",
    });
  }
  return found;
}
