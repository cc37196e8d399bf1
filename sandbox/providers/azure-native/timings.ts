/** How long the client waits where the service does not say (by Retry-After). All in milliseconds. */
export interface Timings {
  /** Between the first failure of a request and its second attempt; three times as long after that, then seven times. */
  readonly retryDelay: number;
  /** No pause between attempts is longer. */
  readonly maxRetryDelay: number;
  /** Between two looks at a running PUT. */
  readonly updatePollInterval: number;
  /** Between two looks at a running DELETE. */
  readonly deletePollInterval: number;
}

/** What azure-native 3 has. */
export const azureTimings: Timings = {
  retryDelay: 20_000,
  maxRetryDelay: 120_000,
  updatePollInterval: 10_000,
  deletePollInterval: 30_000,
};

/** The same on a shorter clock: nothing in the sandbox takes a minute to recover. */
export const sandboxTimings: Timings = {
  retryDelay: 500,
  maxRetryDelay: 4_000,
  updatePollInterval: 500,
  deletePollInterval: 500,
};
