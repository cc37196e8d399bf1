import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { injectLabel } from "../../mesh/istio/injection";
import { type KubernetesObject } from "../../mesh/manifests";
import { few } from "../../mesh/manifests/few";
import { osmKinds } from "../../mesh/osm";
import { type Cluster } from "./cluster";
import { ownNamespaces, type Plan } from "./plan";
import { leaving, type PodFate, podsWithout, type Sidecar } from "./pods";
import { type MigratedStack, StepFailed } from "./stack";
import { protectionText, type Step } from "./steps";

/** How a move is walked. */
export interface RunOptions {
  /** Folder for what is saved. */
  readonly folder: string;
  readonly removeLeftovers: boolean;
  readonly say: (line: string) => void;
  /** How long pods may take to be there again, in milliseconds. Default: 15 minutes. */
  readonly podTimeout?: number;
  /** Pause between two looks, in milliseconds. Default: 2 s. */
  readonly pause?: number;
}

/** Pods that a line names. */
const mostNamed = 6;

const admission = "/apis/admissionregistration.k8s.io/v1";

/** Webhooks that AKS leaves when the add-on is switched off: they ask a service that is gone. */
export const osmWebhooks = [
  `${admission}/mutatingwebhookconfigurations/aks-osm-webhook-osm`,
  `${admission}/validatingwebhookconfigurations/aks-osm-validator-mesh-osm`,
] as const;

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/** Groups of Open Service Mesh's kinds. */
export const osmGroups: readonly string[] = [
  ...new Set(Object.values(osmKinds).map(({ apiVersion }) => apiVersion.split("/")[0] ?? "")),
];

/** What else it leaves in its namespace. */
const osmLeftovers = [
  "/api/v1/namespaces/kube-system/secrets/osm-ca-bundle",
  "/api/v1/namespaces/kube-system/configmaps/preset-mesh-config",
] as const;

/**
 * Walks the steps of a plan from the one where it stands.
 *
 * @throws {StepFailed} where one does not come to its end: the next run begins with it again.
 */
export async function walk(plan: Plan, stack: MigratedStack, cluster: Cluster, options: RunOptions): Promise<void> {
  const { steps, first } = plan;
  for (const [index, step] of steps.entries()) {
    if (index < first) continue;
    const count = `[${String(index + 1)}/${String(steps.length)}]`;
    if (step.id === "leftovers" && !options.removeLeftovers) {
      options.say(
        `${count} ${step.title}: left as they are; --remove-leftovers removes them, and with them the way back to what others wrote.`,
      );
      continue;
    }
    const began = Date.now();
    options.say(`${count} ${step.title} … (protected by ${protectionText[step.during]})`);
    if (step.settings !== undefined) {
      await stack.set(step.settings);
      await stack.up();
    }
    await alone(step, plan, stack, cluster, options);
    options.say(
      `${count} ${step.title}: done in ${String(Math.round((Date.now() - began) / 1000))} s; now protected by ${protectionText[step.after]}`,
    );
  }
}

/** What a step does beside the stack. */
async function alone(
  { id }: Step,
  plan: Plan,
  stack: MigratedStack,
  cluster: Cluster,
  options: RunOptions,
): Promise<void> {
  switch (id) {
    case "save":
      return save(cluster, options);
    case "webhooks":
      for (const path of osmWebhooks) await cluster.remove(path);
      return;
    case "restart":
      return restart(plan.to === "istio" ? "istio" : "osm", stack, cluster, options);
    case "leftovers":
      return removeLeftovers(cluster, options);
    case "osm-off":
    case "permissive":
    case "strict":
    case "policies":
    case "istio-off":
    case "osm":
      return;
  }
}

/** Name of the file with the whole cluster, as all commands read it. */
export const wholeFile = "cluster.json";

async function save(cluster: Cluster, { folder, say }: RunOptions): Promise<void> {
  const objects = await cluster.objects();
  const osm: ReadonlySet<string> = new Set(Object.values(osmKinds).map(({ apiVersion }) => apiVersion));
  const own = objects.filter(({ apiVersion }) => osm.has(apiVersion)).map(withoutServerFields);
  await mkdir(folder, { recursive: true });
  const list = { apiVersion: "v1", kind: "List", items: objects };
  await writeFile(join(folder, wholeFile), JSON.stringify(list), { mode: 0o600 });
  await writeFile(join(folder, "osm-objects.yaml"), own.map((object) => stringify(object)).join("---\n"));
  say(`${String(own.length)} objects of Open Service Mesh are in ${join(folder, "osm-objects.yaml")}`);
}

/** An object that can be applied again. */
function withoutServerFields({ metadata, ...object }: KubernetesObject): unknown {
  const { name, namespace, labels, annotations } = metadata;
  const rest = Object.fromEntries(Object.entries(object).filter(([key]) => key !== "status"));
  return { ...rest, metadata: { name, namespace, labels, annotations } };
}

/** Restarts what `pulumi up` did not, and waits until every pod has its sidecar. */
async function restart(sidecar: Sidecar, stack: MigratedStack, cluster: Cluster, options: RunOptions): Promise<void> {
  const { say, podTimeout = 15 * 60_000, pause = 2_000 } = options;
  const owned = await stack.owned();
  const namespaces = ownNamespaces(owned);
  const deadline = Date.now() + podTimeout;
  const restarted = new Set<string>();
  let said = "";
  for (;;) {
    const objects = await cluster.objects();
    const pods = podsWithout(sidecar, objects, namespaces, owned);
    const goes = leaving(objects, namespaces);
    if (pods.length === 0 && goes.length === 0) return;
    for (const { workload, by, optsOut } of pods) {
      if (by !== "command" || workload === undefined || restarted.has(workload)) continue;
      restarted.add(workload);
      say(`Restarting ${workload} …`);
      await cluster.patch(workloadPath(workload), restartPatch(sidecar, optsOut));
    }
    const byHand = pods.filter(({ by }) => by === "hand");
    if (byHand.length > 0 && byHand.length === pods.length && goes.length === 0) throw new StepFailed(handText(byHand));
    const text = `Waiting for ${few([...pods.map(({ pod }) => pod), ...goes], mostNamed)} …`;
    if (text !== said) say(text);
    said = text;
    if (Date.now() > deadline)
      throw new StepFailed(
        `Not yet made anew: ${few(
          pods.map(({ pod }) => pod),
          mostNamed,
        )}. Look at them, then run the same command again.`,
      );
    await sleep(pause);
  }
}

/**
 * Changes the template of a workload's pods; made twice it is one change, so that nothing is restarted twice. Pods that wanted no
 * sidecar of Open Service Mesh get none of Istio.
 */
function restartPatch(sidecar: Sidecar, optsOut: boolean): unknown {
  const labels = optsOut && sidecar === "istio" ? { labels: { [injectLabel]: "false" } } : {};
  return {
    spec: { template: { metadata: { annotations: { "aks-mesh/restarted-for": sidecar }, ...labels } } },
  };
}

/** Path of `Kind namespace/name`. */
export function workloadPath(workload: string): string {
  const [kind = "", place = ""] = workload.split(" ");
  const [namespace = "", name = ""] = place.split("/");
  return `/apis/apps/v1/namespaces/${namespace}/${kind.toLowerCase()}s/${name}`;
}

function handText(pods: readonly PodFate[]): string {
  const names = pods.map(({ pod }) => {
    const [namespace, name] = pod.split("/");
    return `kubectl delete pod -n ${namespace ?? ""} ${name ?? ""}`;
  });
  return `Pods that nothing makes anew are without their sidecar. Delete them, or have their owner start them again, then run the same command again:\n  ${names.join("\n  ")}`;
}

async function removeLeftovers(cluster: Cluster, { say }: RunOptions): Promise<void> {
  const all = await cluster.list(definitions);
  const left = all.filter(({ metadata }) => osmGroups.some((group) => metadata.name.endsWith(`.${group}`)));
  for (const { metadata } of left) await cluster.remove(`${definitions}/${metadata.name}`);
  const others = await Promise.all(osmLeftovers.map((path) => cluster.remove(path)));
  say(`${String(left.length)} definitions and ${String(others.filter(Boolean).length)} other objects removed.`);
}
