import { createClusterObjects, type ClusterObjects } from "./client/cluster";
import { createDiscovery, type Discovery } from "./client/discovery";
import { createApiClient, type RetryPolicy } from "./client/http";
import type { Configuration } from "./configuration";

/** A configured provider's access to its cluster. */
export interface Session {
  readonly configuration: Configuration;
  readonly discovery: Discovery;
  readonly objects: ClusterObjects;
  /**
   * Why the cluster cannot be used now, or undefined when it can. For steps that do without a cluster rather than wait: it
   * gives up after some seconds, and remembers.
   */
  unreachable(): Promise<string | undefined>;
}

/** For previews: a server that does not answer within this, in milliseconds, counts as unreachable. */
const PROBE_PATIENCE = 5_000;
/** For changes: an API server that is being started or upgraded gets this long, in milliseconds. */
const CHANGE_PATIENCE = 60_000;

/**
 * Opens a session; nothing is sent before it is used.
 *
 * @param patience Overrides how long to retry, for tests.
 */
export function openSession(configuration: Configuration, patience: Partial<RetryPolicy> = {}): Session {
  const { connection } = configuration;
  if ("unavailable" in connection) return sessionWithout(configuration, connection.unavailable);

  const client = createApiClient(connection, { total: CHANGE_PATIENCE, ...patience });
  const prober = createApiClient(connection, { total: PROBE_PATIENCE, ...patience });
  const discovery = createDiscovery(client);
  let probe: Promise<string | undefined> | undefined;
  return {
    configuration,
    discovery,
    objects: createClusterObjects(client, discovery),
    unreachable: () =>
      (probe ??= prober
        .request({ method: "GET", path: "/version" })
        .then(
          () => undefined,
          (error: unknown) => (error instanceof Error ? error.message : String(error)),
        )
        .finally(() => prober.close())),
  };
}

function sessionWithout(configuration: Configuration, reason: string): Session {
  const refuse = async (): Promise<never> => {
    throw new Error(`The Kubernetes cluster cannot be used: ${reason}`);
  };
  return {
    configuration,
    discovery: { find: async () => undefined, require: refuse, reset: () => undefined },
    objects: {
      get: refuse,
      list: refuse,
      create: refuse,
      apply: refuse,
      setManagedFields: refuse,
      remove: refuse,
      isNamespaced: async () => undefined,
    },
    unreachable: async () => reason,
  };
}
