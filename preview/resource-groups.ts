import { setTimeout as sleep } from "node:timers/promises";
import { unexpected } from "../components/arm/client";
import { armReader } from "../components/arm/reader";
import { isJsonObject } from "../mesh/manifests";
import { pullRequestOf } from "../program/previews/settings";
import { armOf } from "./arm";
import { type Surroundings } from "./engine";
import { PreviewProblem } from "./problem";

const apiVersion = "2022-09-01";

/** A resource group that a preview with a cluster of its own made. */
export interface PreviewResourceGroup {
  readonly name: string;
  readonly pullRequest: number;
}

/** The resource groups of all previews in Azure. */
export interface ResourceGroups {
  /** Those that are named or tagged like a preview's. */
  ofPreviews(): Promise<readonly PreviewResourceGroup[]>;
  /** Deletes a group with all that is in it, and waits until it is gone; well if it is gone already. */
  remove(name: string): Promise<void>;
}

/** @throws Error where Azure lets nobody in. */
export async function resourceGroupsOf(
  surroundings: Pick<Surroundings, "environment" | "project" | "signal">,
): Promise<ResourceGroups> {
  const { project, signal } = surroundings;
  const arm = await armOf(surroundings);
  const groups = `/subscriptions/${arm.subscriptionId}/resourcegroups`;
  return {
    ofPreviews: async () => {
      try {
        // A reader for each look: it remembers what it was told.
        const all = await armReader(arm).list("Listing the resource groups", groups, apiVersion);
        return all.flatMap((group) => previewGroup(project, group));
      } catch (error) {
        throw new PreviewProblem(error instanceof Error ? error.message : String(error));
      }
    },
    remove: async (name) => {
      const path = `${groups}/${name}`;
      const deleted = await arm.request("DELETE", path, apiVersion);
      if (deleted.status === 404) return;
      if (deleted.status >= 300)
        throw new PreviewProblem(unexpected(`Deleting the resource group ${name}`, deleted).message);
      const deadline = Date.now() + longest;
      for (;;) {
        const { status, retryAfterMs = 5_000 } = await arm.request("GET", path, apiVersion);
        if (status === 404) return;
        if (Date.now() > deadline) throw new PreviewProblem(`The resource group ${name} does not go away.`);
        await sleep(Math.min(retryAfterMs, 5_000), undefined, { signal });
      }
    },
  };
}

/** How long a group may take to go, in milliseconds: a cluster takes some minutes. */
const longest = 60 * 60_000;

function previewGroup(project: string, group: unknown): readonly PreviewResourceGroup[] {
  if (!isJsonObject(group) || typeof group["name"] !== "string") return [];
  const { name, tags } = group;
  const tagged =
    isJsonObject(tags) && tags["project"] === project && typeof tags["stack"] === "string" ? tags["stack"] : "";
  const named = name.startsWith(`${project}-`) ? name.slice(project.length + 1) : "";
  const pullRequest = pullRequestOf(named) ?? pullRequestOf(tagged);
  return pullRequest === undefined ? [] : [{ name, pullRequest }];
}
