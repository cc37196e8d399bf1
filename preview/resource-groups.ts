import { setTimeout as sleep } from "node:timers/promises";
import { type ArmClient, openArm } from "../components/arm/client";
import { azureSettings } from "../components/arm/settings";
import { isJsonObject } from "../mesh/manifests";
import { pullRequestOf } from "../program/previews/settings";
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
export async function resourceGroupsOf({
  environment,
  project,
  signal,
}: Pick<Surroundings, "environment" | "project" | "signal">): Promise<ResourceGroups> {
  const arm = await openArm(
    azureSettings(() => undefined, environment),
    { signal },
  );
  const groups = `/subscriptions/${arm.subscriptionId}/resourcegroups`;
  return {
    ofPreviews: async () => {
      const found: PreviewResourceGroup[] = [];
      for (let page: string | undefined = groups; page !== undefined;) {
        const { value, next } = await list(arm, page);
        found.push(...value.flatMap((group) => previewGroup(project, group)));
        page = next;
      }
      return found;
    },
    remove: async (name) => {
      const path = `${groups}/${name}`;
      const deleted = await arm.request("DELETE", path, apiVersion);
      if (deleted.status === 404) return;
      if (deleted.status >= 300)
        throw new PreviewProblem(`Azure does not delete the resource group ${name}: ${said(deleted.body)}`);
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

async function list(arm: ArmClient, path: string) {
  const { status, body } = await arm.request("GET", path, apiVersion);
  if (status !== 200 || !isJsonObject(body) || !Array.isArray(body["value"])) {
    throw new PreviewProblem(`Azure does not list the resource groups: ${said(body)}`);
  }
  const { nextLink } = body;
  const next =
    typeof nextLink === "string"
      ? nextLink.replace(/^https:\/\/[^/]+/, "").replace(/[?&]api-version=[^&]*/, "")
      : undefined;
  return { value: body["value"] as readonly unknown[], next };
}

function previewGroup(project: string, group: unknown): readonly PreviewResourceGroup[] {
  if (!isJsonObject(group) || typeof group["name"] !== "string") return [];
  const { name, tags } = group;
  const tagged =
    isJsonObject(tags) && tags["project"] === project && typeof tags["stack"] === "string" ? tags["stack"] : "";
  const named = name.startsWith(`${project}-`) ? name.slice(project.length + 1) : "";
  const pullRequest = pullRequestOf(named) ?? pullRequestOf(tagged);
  return pullRequest === undefined ? [] : [{ name, pullRequest }];
}

function said(body: unknown): string {
  const error: unknown = isJsonObject(body) ? body["error"] : undefined;
  return isJsonObject(error) && typeof error["message"] === "string" ? error["message"] : "its answer says no reason.";
}
