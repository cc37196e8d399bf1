import { type JsonObject } from "./json";
import { parseResourcePath, typeKey } from "./resource-id";

/** Counts requests, so that a benchmark can say what a program asked for. */
export interface RequestLog {
  count(method: string, path: string, status: number): void;
  toJson(): JsonObject;
  reset(): void;
}

/** What a request was for: `PUT microsoft.containerservice/managedclusters`, actions and collections included. */
function subject(path: string): string {
  const parsed = parseResourcePath(path);
  if (parsed.provider !== undefined) return typeKey(parsed.provider);
  if (parsed.resourceGroup !== undefined)
    return ["microsoft.resources/resourcegroups", ...parsed.rest].join("/").toLowerCase();
  if (parsed.subscriptionId !== undefined) return ["subscriptions", ...parsed.rest.slice(0, 1)].join("/").toLowerCase();
  return /\/oauth2\//.test(path) ? "login" : "other";
}

/** An empty log. Kept in memory: a restart starts from zero. */
export function createRequestLog(): RequestLog {
  const counts = new Map<string, number>();
  const statuses = new Map<string, number>();
  return {
    count(method, path, status) {
      const key = `${method} ${subject(path)}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      statuses.set(String(status), (statuses.get(String(status)) ?? 0) + 1);
    },
    toJson() {
      const sorted = (map: Map<string, number>): JsonObject =>
        Object.fromEntries([...map.entries()].sort(([a], [b]) => a.localeCompare(b)));
      return {
        total: [...counts.values()].reduce((sum, n) => sum + n, 0),
        byOperation: sorted(counts),
        byStatus: sorted(statuses),
      };
    },
    reset() {
      counts.clear();
      statuses.clear();
    },
  };
}
