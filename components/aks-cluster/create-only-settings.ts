import { type CustomResourceOptions, dynamic, type Input, jsonStringify, output } from "@pulumi/pulumi";
import type * as containerservice from "@pulumi/azure-native/containerservice";

import { split } from "./create-only";

/** What the dynamic provider is given and the state keeps. */
interface Settings {
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
    "Nothing was changed. Write the old values again, or: make a second stack with the new values (`pulumi stack init NAME`), move the traffic to it, and destroy this one. Where an outage does not matter: `pulumi destroy`, then `pulumi up`.",
  ].join("\n");
}

const provider: dynamic.ResourceProvider<Settings, Settings> = {
  async create(inputs) {
    return { id: `${inputs.clusterName}/create-only-settings`, outs: inputs };
  },
  async diff(_id, olds, news) {
    const changes = fixedChanges(olds.values, news.values);
    if (changes.length > 0) throw new Error(refusal(olds.clusterName, changes));
    return { changes: olds.clusterName !== news.clusterName };
  },
  async update(_id, _olds, news) {
    return { outs: news };
  },
};

/**
 * Stands in front of a cluster and everything it needs, and refuses a change that would replace the cluster: at preview, and in an
 * update that skips it before anything else is touched.
 */
export class CreateOnlySettings extends dynamic.Resource {
  /** @param args the cluster as it would be made. */
  constructor(
    name: string,
    args: containerservice.ManagedClusterArgs & { resourceName: Input<string> },
    opts?: CustomResourceOptions,
  ) {
    const values = output(args).apply((plain) => split(plain).createOnly);
    super(
      provider,
      name,
      { clusterName: args.resourceName, values: jsonStringify(values) },
      opts,
      "aks-mesh",
      "CreateOnlySettings",
    );
  }
}
