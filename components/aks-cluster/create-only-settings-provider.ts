import { type dynamic } from "@pulumi/pulumi";

import { type ArmClient } from "../arm/client";
import { armSession } from "../arm/session";
import { type AzureSettings } from "../arm/settings";
import { livePools } from "./bootstrap-pool";

/** What the dynamic provider is given and the state keeps. */
export interface Settings {
  /** Subscription of the cluster, where it is not the configured one. */
  readonly subscriptionId?: string;
  /** Name of the cluster, for messages. */
  readonly clusterName: string;
  /** JSON of the values that Azure fixes at creation, by their paths. */
  readonly values: string;
}

/** A value that Azure would not change in a cluster that exists. */
export interface FixedChange {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What differs between two texts of {@link Settings.values}; nothing where one of them is not known yet. */
export function fixedChanges(before: string, after: string): readonly FixedChange[] {
  let olds: Readonly<Record<string, unknown>>;
  let news: Readonly<Record<string, unknown>>;
  try {
    olds = JSON.parse(before) as Readonly<Record<string, unknown>>;
    news = JSON.parse(after) as Readonly<Record<string, unknown>>;
  } catch {
    // In a preview a value that another resource will give is not known: the update itself asks again.
    return [];
  }
  return [...new Set([...Object.keys(olds), ...Object.keys(news)])]
    .sort()
    .filter((path) => JSON.stringify(olds[path]) !== JSON.stringify(news[path]))
    .map((path) => ({ path, before: olds[path], after: news[path] }));
}

/** Why a change is refused, and what to do instead. */
export function refusal(clusterName: string, changes: readonly FixedChange[]): string {
  const text = (value: unknown): string => (value === undefined ? "not set" : JSON.stringify(value));
  return [
    `The cluster ${clusterName} cannot be changed so. Azure fixes these values when it makes a cluster; a new one would take its place, and all that runs on it would be gone:`,
    ...changes.map(({ path, before, after }) => `  ${path}: ${text(before)} → ${text(after)}`),
    "The cluster is as it was. Write the old values again, or: make a second stack with the new values (`pulumi stack init NAME`), move the traffic to it, and destroy this one. Where an outage does not matter: `pulumi destroy`, then `pulumi up`.",
  ].join("\n");
}

/** Whether the cluster that these values were written down for is there. Where Azure cannot be asked, it is taken to be. */
async function isThere(arm: () => Promise<ArmClient>, { subscriptionId, values }: Settings): Promise<boolean> {
  const { resourceGroupName, resourceName } = JSON.parse(values) as Record<string, string | undefined>;
  if (resourceGroupName === undefined || resourceName === undefined) return true;
  try {
    return (
      (await livePools(await arm(), { subscriptionId, resourceGroupName, clusterName: resourceName })) !== undefined
    );
  } catch {
    return true;
  }
}

/** @param open Logs in to Azure; replaced in tests. */
export function handler(
  open?: (settings: AzureSettings) => Promise<ArmClient>,
): dynamic.ResourceProvider<Settings, Settings> {
  const { configure, client } = armSession(open);
  return {
    configure,
    // Not in `diff`: that runs in a refresh too, and its errors come with a trace.
    async check(olds: Partial<Settings>, news) {
      const { clusterName, values, subscriptionId } = olds;
      if (clusterName === undefined || values === undefined) return { inputs: news };
      const changes = fixedChanges(values, news.values);
      // The values are there before the cluster is: it may never have come into being, or have been deleted since.
      const refused = changes.length > 0 && (await isThere(client, { subscriptionId, clusterName, values }));
      return {
        inputs: news,
        failures: refused ? [{ property: "values", reason: refusal(clusterName, changes) }] : [],
      };
    },
    async create(inputs) {
      return { id: `${inputs.clusterName}/create-only-settings`, outs: inputs };
    },
    async diff(_id, olds, news) {
      const changes =
        olds.clusterName !== news.clusterName ||
        olds.subscriptionId !== news.subscriptionId ||
        fixedChanges(olds.values, news.values).length > 0;
      return { changes };
    },
    async update(_id, _olds, news) {
      return { outs: news };
    },
  };
}
