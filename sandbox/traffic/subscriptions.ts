import { type PodRunner, type PodStatistics } from "../data-plane/runner";

/** Statistics of what a sidecar is subscribed to: clusters, endpoints, listeners, routes and certificates. */
export const subscriptionPattern = "\\.update_(attempt|success|rejected)$";

/** Envoy's name for the subscription to a certificate in a Secret that somebody names in a Gateway; such a Secret may be missing for good. */
const ofNamedSecret = /^sds\.kubernetes_\/\//;

/**
 * What the sidecar has asked for and never got. Envoy waits 15 s for it and goes on without, so that it looks ready and refuses calls, or ends them
 * with 503. OSM's controller sometimes passes over a request of a sidecar that starts, and answers it with one of its next changes.
 *
 * @param statistics as {@link subscriptionPattern} finds them.
 */
export function unanswered({ envoy = {} }: PodStatistics): readonly string[] {
  return Object.entries(envoy).flatMap(([name, value]) => {
    const subscription = /^(.+)\.update_attempt$/.exec(name)?.[1];
    if (subscription === undefined || value === 0 || ofNamedSecret.test(subscription)) return [];
    const answers = ["success", "rejected"].map((end) => envoy[`${subscription}.update_${end}`] ?? 0);
    return answers.some((count) => count > 0) ? [] : [subscription];
  });
}

/** Whether no sidecar waits for an answer that it never got, see {@link unanswered}. */
export async function allAnswered(runner: PodRunner): Promise<boolean> {
  return Object.values(await runner.statistics(subscriptionPattern)).every((pod) => unanswered(pod).length === 0);
}
