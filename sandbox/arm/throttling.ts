import { type ArmContext } from "./context";
import { aksError, ArmError } from "./errors";
import { type ArmRequest } from "./http";
import { parseResourcePath, typeKey } from "./resource-id";

/** A token bucket, as Azure publishes its request limits. */
interface Bucket {
  readonly size: number;
  readonly refillPerSecond: number;
}

/** Azure Resource Manager's limits per subscription and service principal. */
const SUBSCRIPTION: Readonly<Record<"reads" | "writes" | "deletes", Bucket>> = {
  reads: { size: 250, refillPerSecond: 25 },
  writes: { size: 200, refillPerSecond: 10 },
  deletes: { size: 200, refillPerSecond: 10 },
};

/** AKS's limit for PUTs of one cluster: 20, and one more each minute. */
const CLUSTER_PUT: Bucket = { size: 20, refillPerSecond: 1 / 60 };

/** Applies Azure's request limits where the setting `throttling` is on. */
export interface Throttle {
  /** @throws ArmError 429 with Retry-After. */
  admit(context: Pick<ArmContext, "settings" | "now" | "identity">, request: Pick<ArmRequest, "method" | "path">): void;
}

/** Full buckets. Kept in memory: a restart fills them again. */
export function createThrottle(): Throttle {
  const levels = new Map<string, { tokens: number; at: number }>();

  /** Takes a token; otherwise the seconds until there is one. */
  function take(key: string, bucket: Bucket, now: number): number | undefined {
    const level = levels.get(key) ?? { tokens: bucket.size, at: now };
    const tokens = Math.min(bucket.size, level.tokens + ((now - level.at) / 1000) * bucket.refillPerSecond);
    if (tokens < 1) {
      levels.set(key, { tokens, at: now });
      return Math.ceil((1 - tokens) / bucket.refillPerSecond);
    }
    levels.set(key, { tokens: tokens - 1, at: now });
    return undefined;
  }

  return {
    admit(context, request) {
      if (!context.settings().throttling) return;
      const now = context.now();
      const kind =
        request.method === "GET" || request.method === "HEAD"
          ? "reads"
          : request.method === "DELETE"
            ? "deletes"
            : "writes";
      const wait = take(kind, SUBSCRIPTION[kind], now);
      if (wait !== undefined) {
        throw new ArmError(
          429,
          "TooManyRequests",
          `Number of '${kind}' for subscription '${context.identity.subscriptionId}' exceeded. Please try again after '${wait}' seconds.`,
          { headers: { "retry-after": String(wait) } },
        );
      }
      const { provider } = parseResourcePath(request.path);
      if (request.method !== "PUT" || provider === undefined) return;
      if (typeKey(provider) !== "microsoft.containerservice/managedclusters") return;
      const clusterWait = take(request.path.toLowerCase(), CLUSTER_PUT, now);
      if (clusterWait === undefined) return;
      throw aksError(
        429,
        "Throttled",
        `The PutManagedClusterHandler.PUT request limit has been exceeded for this resource, please retry again in ${clusterWait} seconds.`,
        { headers: { "retry-after": String(clusterWait) } },
      );
    },
  };
}
