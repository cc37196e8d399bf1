import { type CallLimit } from "../analysis/call-limits";
import { isJsonObject, type KubernetesObject, type ValuePath } from "../manifests";
import { listAt, numberAt, textAt, valueAt } from "../manifests/inside";
import { type HttpRouteState, type VirtualServiceState } from "./state/virtual-services";

/** The rule that takes a request. */
export interface Taken {
  readonly service: VirtualServiceState;
  readonly route: HttpRouteState;
}

/**
 * The limits of calls that a rule takes. Of one that hands on to another VirtualService nothing is said here: that one's are its own.
 *
 * @param service `namespace/name` of the Service that is called.
 * @param taken undefined where no rule takes them.
 * @param defaultRetries how often Istio tries again where no rule says it.
 */
export function routeLimits(service: string, taken: Taken | undefined, defaultRetries: number): readonly CallLimit[] {
  if (taken?.route.delegate !== undefined) return [];
  const written =
    taken && (taken.route.written ?? { object: taken.service.object, path: ["spec", "http", taken.route.index] });
  const said =
    written === undefined ? {} : taken?.service.semantics === "gateway-api" ? ofRoute(written) : ofRule(written);
  const limits: CallLimit[] = [];
  const attempts = said.retries?.attempts ?? defaultRetries;
  if (attempts > 0) {
    const value =
      said.retries === undefined
        ? `${String(attempts)} on ${safe}, of Istio's own`
        : `${String(attempts)} on ${said.retries.on ?? safe}`;
    limits.push({
      limit: "retries",
      value,
      service,
      object: said.retries && written?.object,
      path: said.retries?.path ?? [],
    });
    if (said.perTry !== undefined)
      limits.push({ limit: "perTryTimeout", service, object: written?.object, ...said.perTry });
  }
  if (said.timeout !== undefined) limits.push({ limit: "timeout", service, object: written?.object, ...said.timeout });
  return limits;
}

/** When Istio tries again where nothing says it. */
const safe = "what Istio takes for safe";

/** A part of an object. */
export interface ObjectPart {
  readonly object: KubernetesObject;
  readonly path: ValuePath;
}

/** What a rule says of its calls, with where it says so. */
interface Said {
  readonly retries?: { readonly attempts: number; readonly on: string | undefined; readonly path: ValuePath };
  readonly perTry?: Duration | undefined;
  readonly timeout?: Duration | undefined;
}

type Duration = Pick<CallLimit, "value" | "path">;

/** A duration that an object says. */
function durationAt(object: KubernetesObject, path: ValuePath): Duration | undefined {
  const value = textAt(object, ...path);
  return value === undefined ? undefined : { value, path };
}

/** Of a VirtualService's rule. */
function ofRule({ object, path }: ObjectPart): Said {
  const retries = valueAt(object, ...path, "retries");
  const timeout = durationAt(object, [...path, "timeout"]);
  if (!isJsonObject(retries)) return { timeout };
  return {
    retries: {
      attempts: numberAt(retries, "attempts") ?? 0,
      on: textAt(retries, "retryOn"),
      path: [...path, "retries"],
    },
    perTry: durationAt(object, [...path, "retries", "perTryTimeout"]),
    timeout,
  };
}

/** Of a rule of the Gateway API (pilot/pkg/config/kube/gateway/conversion.go, convertHTTPRoute). */
function ofRoute({ object, path }: ObjectPart): Said {
  const retry = valueAt(object, ...path, "retry");
  const request = shownDuration(object, [...path, "timeouts", "request"]);
  const backend = shownDuration(object, [...path, "timeouts", "backendRequest"]);
  if (!isJsonObject(retry)) return { timeout: backend ?? request };
  const on = ["connect-failure", "refused-stream", "unavailable", "cancelled", ...listAt(retry, "codes").map(String)];
  return {
    retries: { attempts: numberAt(retry, "attempts") ?? 2, on: on.join(","), path: [...path, "retry"] },
    perTry: backend,
    timeout: request,
  };
}

/** The Gateway API takes 0 for none. */
function shownDuration(object: KubernetesObject, path: ValuePath): Duration | undefined {
  const found = durationAt(object, path);
  return found !== undefined && /[1-9]/.test(found.value) ? found : undefined;
}
