import { createArmClient, type ArmClient } from "./arm-client";
import { findCloud, type Cloud } from "./cloud";
import { type Configuration } from "./configuration";
import { createTokenSource, type TokenSource } from "./credential";
import { withProviderRegistration } from "./provider-registration";
import { type Timings } from "./timings";

/** A configured provider's connection to Azure. */
export interface Session {
  readonly configuration: Configuration;
  /** @throws Error when no subscription is configured. */
  subscriptionId(): string;
  /** Finds the cloud on the first call. */
  connect(signal: AbortSignal): Promise<Connection>;
}

/** Where to send requests, and how to sign in. */
export interface Connection {
  readonly cloud: Cloud;
  readonly tokens: TokenSource;
  readonly client: ArmClient;
}

/** Opens a connection with a provider's settings. */
export type Connect = (configuration: Configuration, signal: AbortSignal) => Promise<Connection>;

/** Connects to the cloud that the settings name, and signs in as they say. */
export function connectToAzure(timings: Timings): Connect {
  return async (configuration, signal) => {
    const cloud = await findCloud(configuration, signal);
    const tokens = createTokenSource(configuration, cloud);
    return { cloud, tokens, client: withProviderRegistration(createArmClient(cloud, tokens, timings)) };
  };
}

/** Nothing is asked of Azure before the first `connect`: a preview of a program without resources needs no login. */
export function createSession(configuration: Configuration, connect: Connect): Session {
  let connection: Promise<Connection> | undefined;
  return {
    configuration,
    subscriptionId() {
      if (configuration.subscriptionId !== "") return configuration.subscriptionId;
      throw new Error(
        "azure-native: no subscription; set it with `pulumi config set azure-native:subscriptionId <id>` or ARM_SUBSCRIPTION_ID.",
      );
    },
    connect(signal) {
      connection ??= connect(configuration, signal).catch((error: unknown) => {
        connection = undefined;
        throw error;
      });
      return connection;
    },
  };
}
