import { createClusterObjects, type ClusterObjects } from "./client/cluster";
import { createDiscovery, type Discovery } from "./client/discovery";
import { createApiClient, type RetryPolicy } from "./client/http";
import { stringAt, type Json } from "./client/json";
import type { Configuration } from "./configuration";

/** Version of an API server. */
export interface ServerVersion {
  readonly major: number;
  readonly minor: number;
}

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
  /** The API server's version, asked for once; undefined where it cannot be reached. */
  serverVersion(): Promise<ServerVersion | undefined>;
}

/** For previews: a server that does not answer within this, in milliseconds, counts as unreachable. */
const PROBE_TIMEOUT = 5_000;
/** For changes: an API server that is being started or upgraded gets this long, in milliseconds. */
const CHANGE_TIMEOUT = 60_000;

/**
 * Opens a session; nothing is sent before it is used.
 *
 * @param retry Overrides how long to retry, for tests.
 */
export function openSession(configuration: Configuration, retry: Partial<RetryPolicy> = {}): Session {
  const { connection } = configuration;
  if ("unavailable" in connection) return sessionWithout(configuration, connection.unavailable);

  const client = createApiClient(connection, { total: CHANGE_TIMEOUT, ...retry });
  const prober = createApiClient(connection, { total: PROBE_TIMEOUT, ...retry });
  const discovery = createDiscovery(client);
  let answer: Promise<ServerVersion | string> | undefined;
  const probe = (): Promise<ServerVersion | string> =>
    (answer ??= prober
      .request({ method: "GET", path: "/version" })
      .then(versionOf, (error: unknown) => (error instanceof Error ? error.message : String(error)))
      .finally(() => prober.close()));
  return {
    configuration,
    discovery,
    objects: createClusterObjects(client, discovery),
    unreachable: async () => {
      const found = await probe();
      return typeof found === "string" ? found : undefined;
    },
    serverVersion: async () => {
      const found = await probe();
      return typeof found === "string" ? undefined : found;
    },
  };
}

/** Clouds add to the minor, as in `33+`. */
function versionOf(answer: Json): ServerVersion {
  return {
    major: Number.parseInt(stringAt(answer, "major") ?? "1", 10),
    minor: Number.parseInt(stringAt(answer, "minor") ?? "0", 10),
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
      replace: refuse,
      setManagedFields: refuse,
      remove: refuse,
      isNamespaced: async () => undefined,
    },
    unreachable: async () => reason,
    serverVersion: async () => undefined,
  };
}
