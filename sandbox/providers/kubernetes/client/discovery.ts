import { hasCode, NoMatchError } from "./api-error";
import type { ApiClient } from "./http";
import { objectsAt, stringAt } from "./json";

/** How a kind is served. */
export interface ServedKind {
  /** The name in URLs, such as `deployments`. */
  readonly plural: string;
  readonly namespaced: boolean;
}

/** What the API server serves, asked for once a group and version and remembered. */
export interface Discovery {
  /** The kind, or undefined when it is not served (yet). */
  find(apiVersion: string, kind: string): Promise<ServedKind | undefined>;
  /** @throws NoMatchError when the kind is not served. */
  require(apiVersion: string, kind: string): Promise<ServedKind>;
  /** Forgets what was not there, after a CRD was created. */
  reset(): void;
}

/** For how long an absent kind is believed to be absent, in milliseconds: previews ask several times for each object. */
const ABSENCE = 500;

/** Path of a group and version: `/api/v1`, `/apis/apps/v1`. */
export function groupVersionPath(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** Discovery over an API client. */
export function createDiscovery(client: ApiClient): Discovery {
  const versions = new Map<string, { readonly asked: number; readonly kinds: Promise<Map<string, ServedKind>> }>();

  const load = (apiVersion: string): Promise<Map<string, ServedKind>> => {
    const kinds = loadKinds(client, apiVersion);
    versions.set(apiVersion, { asked: Date.now(), kinds });
    kinds.catch(() => versions.delete(apiVersion));
    return kinds;
  };

  const find = async (apiVersion: string, kind: string): Promise<ServedKind | undefined> => {
    const known = versions.get(apiVersion);
    const served = (await (known?.kinds ?? load(apiVersion))).get(kind);
    if (served !== undefined || known === undefined || Date.now() - known.asked < ABSENCE) return served;
    return (await load(apiVersion)).get(kind);
  };

  return {
    find,
    require: async (apiVersion, kind) => {
      const served = await find(apiVersion, kind);
      if (served === undefined) throw new NoMatchError(apiVersion, kind);
      return served;
    },
    reset: () => versions.clear(),
  };
}

async function loadKinds(client: ApiClient, apiVersion: string): Promise<Map<string, ServedKind>> {
  const kinds = new Map<string, ServedKind>();
  try {
    const list = await client.request({ method: "GET", path: groupVersionPath(apiVersion) });
    for (const resource of objectsAt(list, "resources")) {
      const plural = stringAt(resource, "name");
      const kind = stringAt(resource, "kind");
      // Names with a slash are subresources, such as deployments/status.
      if (plural === undefined || kind === undefined || plural.includes("/")) continue;
      kinds.set(kind, { plural, namespaced: resource["namespaced"] === true });
    }
  } catch (error) {
    if (!hasCode(error, 404)) throw error;
  }
  return kinds;
}
