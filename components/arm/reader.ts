import { type ArmClient, type ArmResponse, openArm, unexpected } from "./client";
import { type AzureSettings } from "./settings";

/** Reads from Azure Resource Manager, each path once: who asks again gets the first answer. */
export interface ArmReader {
  /** The subscription of paths that are not below another one. */
  readonly subscriptionId: string;
  /**
   * The body of an answer; undefined where there is no such thing.
   *
   * @param what What is asked for, as in "the node pools of the cluster shop": errors begin with it.
   * @throws Error for any other answer than 200 and 404, and where there is none.
   */
  read(what: string, path: string, apiVersion: string): Promise<unknown>;
  /** The elements of a list, all pages of it. @throws as {@link read}, and for 404. */
  list(what: string, path: string, apiVersion: string): Promise<unknown[]>;
}

/**
 * A reader for the cloud and the account that `settings` describe. It gives up sooner than a deployment does: who plans waits.
 *
 * @param signal Ends all that it does.
 * @throws Error as {@link openArm}.
 */
export async function openReader(settings: AzureSettings, signal: AbortSignal): Promise<ArmReader> {
  return armReader(await openArm(settings, { signal, maxRetries: 2, retryDelayMs: 200 }));
}

/** A reader with a memory of its own. */
export function armReader(arm: ArmClient): ArmReader {
  const answers = new Map<string, Promise<ArmResponse>>();
  const ask = (path: string, apiVersion: string): Promise<ArmResponse> => {
    const key = `${path} ${apiVersion}`.toLowerCase();
    const known = answers.get(key) ?? arm.request("GET", path, apiVersion);
    answers.set(key, known);
    return known;
  };
  return {
    subscriptionId: arm.subscriptionId,
    async read(what, path, apiVersion) {
      const response = await ask(path, apiVersion);
      if (response.status === 404) return undefined;
      if (response.status !== 200) throw unexpected(what, response);
      return response.body;
    },
    async list(what, path, apiVersion) {
      const found: unknown[] = [];
      for (let next: string | undefined = path; next !== undefined;) {
        const response = await ask(next, apiVersion);
        if (response.status !== 200) throw unexpected(what, response);
        const { value = [], nextLink } = (response.body ?? {}) as { value?: unknown[]; nextLink?: string };
        found.push(...value);
        next = nextLink ? pathOf(nextLink) : undefined;
      }
      return found;
    },
  };
}

/** Path and query of the next page, which comes as a whole address. */
function pathOf(address: string): string {
  const { pathname, search } = new URL(address);
  return pathname + search;
}
