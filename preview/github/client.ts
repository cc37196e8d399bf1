import { Octokit } from "@octokit/core";
import { paginateRest } from "@octokit/plugin-paginate-rest";
import { restEndpointMethods } from "@octokit/plugin-rest-endpoint-methods";
import { retry } from "@octokit/plugin-retry";
import { throttling } from "@octokit/plugin-throttling";
import Bottleneck from "bottleneck";
import { type GitHubSettings } from "./settings";

/** How long one answer may take, in milliseconds. */
const timeout = 30_000;
/** Longest time that a rate limit is waited for, in seconds; GitHub's own windows last an hour, and a runner costs money. */
const longestWait = 15 * 60;
/** How often a request is sent again after a rate limit. */
const mostWaits = 5;

const Client = Octokit.plugin(restEndpointMethods, paginateRest, retry, throttling);

/** GitHub's REST API, with waiting for rate limits and repetition of what failed on GitHub's side. */
export type Client = InstanceType<typeof Client>;

/**
 * Makes a client.
 *
 * @param second length of a second in milliseconds, for all waiting; tests shorten it.
 */
export function client({ token, apiUrl }: GitHubSettings, second = 1000): Client {
  const waits = (seconds: number, _options: unknown, _client: unknown, retries: number): boolean =>
    seconds <= longestWait && retries < mostWaits;
  return new Client({
    auth: token,
    baseUrl: apiUrl,
    userAgent: "aks-mesh",
    request: {
      fetch: (url: string, init: RequestInit) => fetch(url, { ...init, signal: AbortSignal.timeout(timeout) }),
    },
    // Rate limits (429) belong to the throttling, which knows how long to wait.
    retry: { retryAfterBaseValue: second, doNotRetry: [400, 401, 403, 404, 410, 422, 429, 451] },
    throttle: {
      onRateLimit: waits,
      onSecondaryRateLimit: waits,
      retryAfterBaseValue: second,
      // What GitHub asks for: a second between two writes, more between two that notify people.
      write: new Bottleneck.Group({ maxConcurrent: 1, minTime: second }),
      notifications: new Bottleneck.Group({ maxConcurrent: 1, minTime: 3 * second }),
    },
    // Errors are thrown and said once, where they are caught.
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  });
}

function ignore(): void {}
