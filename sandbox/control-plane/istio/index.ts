import { appendFile, mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ifExists } from "../../../recovery/if-exists";
import { ensureIstio } from "../../tools/istio";
import { accepts } from "../accepts";
import { type ApiClient, type KubernetesObject, poll } from "../api-client";
import { ensureDefinitions } from "../custom-resources";
import { writeWhole } from "../files";
import { kubeconfig } from "../kubeconfig";
import { ensureProcess, processRuns, stopProcess } from "../managed-process";
import { type PlacedObject } from "../placed-object";
import { portsIn } from "../ports";
import { type ServiceRoutes } from "../service-routes";
import { type IstioAddon, type MeshAuthority } from "../types";
import { admissionObjects } from "./admission";
import { egressGateway, ingressGateway } from "./gateways";
import { type Charts, renderCharts } from "./objects";
import { isMounted, mountAuthority, reportUnmounted, unmountAuthority } from "./plugged-in-authority";
import { istiodPortNames, type IstiodPorts, istiodProcess } from "./process";
import { istiodName, istioNamespace } from "./settings";

/** The Istio add-on of one control plane. */
export interface Istio {
  /** Makes its revisions be these; see ControlPlane.setIstio. */
  set(addon: IstioAddon | undefined, options: { readonly crdDelaySeconds: number }): Promise<void>;
  /** Brings the certificate authority that its istiods sign with; see ControlPlane.setMeshAuthority. */
  setAuthority(found: MeshAuthority | { readonly problem: string }): Promise<void>;
  /** Continues what an earlier process of ours has begun: starts what should run and does not. */
  resume(): Promise<void>;
  /** Ends what is under way, and the programs. */
  stop(): Promise<void>;
}

/** What has to be known to continue after a restart. */
interface State {
  /** Oldest first. */
  readonly revisions: readonly Revision[];
  readonly ingressGateways: IstioAddon["ingressGateways"];
  readonly egressGateways: IstioAddon["egressGateways"];
  /** Its own, or one that is plugged in: istiod's pods do not start before that is mounted. */
  readonly authority: "own" | "awaited" | "mounted";
}

const nothing: State = { revisions: [], ingressGateways: [], egressGateways: [], authority: "own" };

/** When pods become ready that cannot start. (KWOK counts in nanoseconds, which do not reach farther than 292 years.) */
const never = new Date("2200-01-01T00:00:00Z");

interface Revision {
  readonly name: string;
  /** When its custom resource definitions may appear and its programs start (ISO 8601). */
  readonly startsAt: string;
}

interface Installation extends Charts {
  /** Pods of gateways are made by the injector: they come when that serves. */
  readonly gateways: readonly PlacedObject[];
}

interface Context {
  readonly directory: string;
  readonly api: ApiClient;
  readonly server: string;
  readonly certificateAuthority: string;
  readonly routes: ServiceRoutes;
  /** Gets a line while Istio is built, and when something goes wrong. */
  readonly log: (line: string) => void;
}

/** About how long istiod takes to serve: the pods that stand for it become ready then. */
const startSeconds = 4;

/** How long opening a control plane waits for a mesh that was installed before. */
const resumeSeconds = 20;

/** How long istiod's token is good for: longer than any sandbox lives. */
const tokenSeconds = 10 * 365 * 24 * 3600;

/** The Istio add-on for a control plane that is ready. Nothing happens before one of the functions is called. */
export function istio(context: Context): Istio {
  const { api, directory } = context;
  const file = stateFile(directory);
  let installing: { readonly cancel: AbortController; readonly done: Promise<void> } | undefined;

  const install = (state: State) => {
    const cancel = new AbortController();
    installing = { cancel, done: installUntilDone(context, state, cancel.signal) };
  };
  const cancelInstall = async () => {
    installing?.cancel.abort();
    await installing?.done;
    installing = undefined;
  };
  const stopProcesses = async (revisions: readonly Revision[]) => {
    await Promise.all(revisions.map(({ name }) => stopProcess(directory, istiodName(name))));
  };
  const remove = async (objects: readonly PlacedObject[]) => {
    await Promise.all(objects.map(({ path }) => api.remove(path)));
  };
  return {
    async set(addon, { crdDelaySeconds }) {
      const known = (await readState(file)) ?? nothing;
      const startsAt = new Date(Date.now() + crdDelaySeconds * 1000).toISOString();
      const wanted: State = {
        revisions: (addon?.revisions ?? [])
          .toSorted(byAge)
          .map((name) => known.revisions.find((revision) => revision.name === name) ?? { name, startsAt }),
        ingressGateways: addon?.ingressGateways ?? [],
        egressGateways: addon?.egressGateways ?? [],
        authority: addon?.pluggedInAuthority !== true ? "own" : known.authority === "mounted" ? "mounted" : "awaited",
      };
      if (JSON.stringify(wanted) === JSON.stringify(known)) return;
      await cancelInstall();
      const after = await render(context, wanted);
      const paths = new Set(after.flatMap(removable).map(({ path }) => path));
      const leaving = (await render(context, known)).flatMap(removable).filter(({ path }) => !paths.has(path));
      const names = new Set(wanted.revisions.map(({ name }) => name));
      await stopProcesses(known.revisions.filter(({ name }) => !names.has(name)));
      await remove(leaving);
      if (wanted.revisions.length === 0) {
        await remove(admissionObjects());
        await unmountAuthority(api, directory);
        await context.routes.set("istio", {});
        await rm(file, { force: true });
        return;
      }
      for (const { objects } of after) await applyAll(api, objects);
      // Last: after a kill before this, the next call does all of it.
      await writeWhole(file, JSON.stringify(wanted));
      install(wanted);
    },
    async setAuthority(found) {
      const state = await readState(file);
      if (state === undefined || state.authority === "own") return;
      await ("problem" in found ? reportUnmounted(api, found.problem) : mountAuthority(api, directory, found));
    },
    async resume() {
      const state = await readState(file);
      if (state === undefined) return;
      install(state);
      // Where it was complete before, it is to be complete again before anybody deploys: pods would be refused meanwhile.
      if (await areComplete(api, state)) {
        await Promise.race([installing?.done, sleep(resumeSeconds * 1000, undefined, { ref: false })]);
      }
    },
    async stop() {
      await cancelInstall();
      await stopProcesses((await readState(file))?.revisions ?? []);
    },
  };
}

/** Older revisions first, such as asm-1-9 before asm-1-10. */
function byAge(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** What goes with its revision. Custom resource definitions stay, and namespaces, one with istiod's certificate authority in it. */
function removable({ objects, webhooks, gateways }: Installation): PlacedObject[] {
  return [...webhooks, ...gateways, ...objects].filter(({ object }) => object.kind !== "Namespace");
}

async function render(
  context: Context,
  { revisions, ingressGateways, egressGateways, authority }: State,
): Promise<Installation[]> {
  if (revisions.length === 0) return [];
  const tools = await ensureIstio(context.log);
  const newest = revisions.at(-1)?.name ?? "";
  return await Promise.all(
    revisions.map(async ({ name, startsAt }) => {
      const starts = new Date(Date.parse(startsAt) + startSeconds * 1000);
      const charts = await renderCharts(tools, path.join(context.directory, "config"), {
        revision: name,
        validating: newest,
        readyAfter: authority === "awaited" ? never : starts,
        pluggedInAuthority: authority !== "own",
      });
      return {
        ...charts,
        gateways: [
          ...ingressGateways.flatMap((mode) => ingressGateway(mode, name)),
          ...egressGateways.flatMap((gateway) => egressGateway(gateway, name)),
        ],
      };
    }),
  );
}

/** The namespace first, the others at once. */
async function applyAll(api: ApiClient, [first, ...others]: readonly PlacedObject[]): Promise<void> {
  if (first !== undefined) await api.apply(first.path, first.object);
  await Promise.all(others.map(({ path, object }) => api.apply(path, object)));
}

function stateFile(directory: string): string {
  return path.join(directory, "istio.json");
}

async function readState(file: string): Promise<State | undefined> {
  const text = await ifExists(readFile(file, "utf8"));
  // Written by a version of ours that knew no egress gateways, or no authority but its own, it has none.
  return text === undefined ? undefined : { ...nothing, ...(JSON.parse(text) as Partial<State>) };
}

/** Installs; what goes wrong is written to the log and tried again, as a crashing istiod would be started again. */
async function installUntilDone(context: Context, state: State, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await bootstrap(context, state, signal);
      return;
    } catch (error) {
      if (signal.aborted) return;
      await note(context, String(error));
      await sleep(1000);
    }
  }
}

/** Custom resource definitions, webhooks, and an istiod for each revision. Every step may have been done before. */
async function bootstrap(context: Context, state: State, signal: AbortSignal): Promise<void> {
  const { api } = context;
  const installations = await render(context, state);
  const tools = await ensureIstio(context.log);
  const addresses: Record<string, number> = {};
  for (const [index, installation] of installations.entries()) {
    const { name, startsAt } = state.revisions[index] ?? { name: "", startsAt: "" };
    await sleep(Math.max(Date.parse(startsAt) - Date.now(), 0), undefined, { signal });
    await poll(`a pod of ${istiodName(name)} has a node`, 30, async () => {
      signal.throwIfAborted();
      const pods = await api.list<KubernetesObject & { spec: { nodeName?: string } }>(
        `/api/v1/namespaces/${istioNamespace}/pods?labelSelector=istio.io%2Frev%3D${name}`,
      );
      return pods.some(({ spec }) => spec.nodeName !== undefined) ? true : undefined;
    });
    await ensureDefinitions(
      api,
      "Istio",
      installation.definitions.map(({ object }) => object),
      signal,
    );
    await Promise.all(admissionObjects().map(({ path, object }) => api.apply(path, object)));
    for (const webhook of installation.webhooks) await ensureWebhook(api, webhook);
    const ports = await revisionPorts(context.directory, name);
    const service = await api.get<{ spec: { clusterIP: string } }>(
      `/api/v1/namespaces/${istioNamespace}/services/${istiodName(name)}`,
    );
    addresses[`${service.spec.clusterIP}:443`] = ports.webhook;
    await context.routes.set("istio", addresses);
    if (state.authority === "awaited") await authorityMounted(context, state, signal);
    await startIstiod(context, name, istiodProcess(tools, name, installation.istiod, ports, configFile(context, name)));
    await poll(`${istiodName(name)} serves its webhooks`, 60, async () => {
      signal.throwIfAborted();
      return (await accepts(ports.webhook)) ? true : undefined;
    });
  }
  await poll("istiod has put its certificate authority into the webhook configurations", 60, async () => {
    signal.throwIfAborted();
    return (await areComplete(api, state)) ? true : undefined;
  });
  for (const { gateways } of installations) {
    for (const { path, object } of gateways) await api.apply(path, object);
  }
  await note(
    context,
    `Istio is installed and serves its webhooks: ${state.revisions.map(({ name }) => name).join(", ")}`,
  );
}

/** Waits until the authority is mounted, as long as that takes, and then lets istiod's pods become ready. */
async function authorityMounted(context: Context, state: State, signal: AbortSignal): Promise<void> {
  while (!(await isMounted(context.directory))) await sleep(200, undefined, { signal });
  const now = new Date().toISOString();
  const later = (startsAt: string): string => (startsAt > now ? startsAt : now);
  const mounted: State = {
    ...state,
    authority: "mounted",
    revisions: state.revisions.map(({ name, startsAt }) => ({ name, startsAt: later(startsAt) })),
  };
  for (const { objects } of await render(context, mounted)) await applyAll(context.api, objects);
  signal.throwIfAborted();
  await writeWhole(stateFile(context.directory), JSON.stringify(mounted));
}

/** Where each revision's istiod of a control plane serves sidecars: ports of the loopback by `name.namespace:port` of its Service. */
export async function istiodDiscovery(directory: string): Promise<Readonly<Record<string, number>>> {
  const { revisions = [] } = (await readState(stateFile(directory))) ?? {};
  const ports = await Promise.all(revisions.map(({ name }) => revisionPorts(directory, name)));
  return Object.fromEntries(
    revisions.map(({ name }, index) => [`${istiodName(name)}.${istioNamespace}:15012`, ports[index]?.discovery ?? 0]),
  );
}

/** Where the istiods of a cluster serve their metrics: ports of this machine's loopback by revision. */
export async function istiodMetrics(directory: string): Promise<Readonly<Record<string, number>>> {
  const { revisions = [] } = (await readState(stateFile(directory))) ?? {};
  const ports = await Promise.all(revisions.map(({ name }) => revisionPorts(directory, name)));
  return Object.fromEntries(revisions.map(({ name }, index) => [name, ports[index]?.monitoring ?? 0]));
}

/** Ports of a revision's istiod. */
function revisionPorts(directory: string, revision: string): Promise<IstiodPorts> {
  return portsIn(path.join(directory, `ports-${istiodName(revision)}.json`), istiodPortNames);
}

async function startIstiod(
  context: Context,
  revision: string,
  definition: Parameters<typeof ensureProcess>[1],
): Promise<void> {
  if (!(await processRuns(context.directory, definition.name))) {
    const account = `/api/v1/namespaces/${istioNamespace}/serviceaccounts/${istiodName(revision)}`;
    const { status } = await context.api.request<{ status: { token: string } }>(`${account}/token`, {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { expirationSeconds: tokenSeconds },
    });
    const { server, certificateAuthority } = context;
    await writeWhole(
      configFile(context, revision),
      kubeconfig({
        clusterName: path.basename(context.directory),
        userName: istiodName(revision),
        server,
        certificateAuthority,
        client: { token: status.token },
      }),
    );
  }
  await ensureProcess(context.directory, definition);
}

function configFile({ directory }: Context, revision: string): string {
  return path.join(directory, "config", `${istiodName(revision)}.kubeconfig`);
}

interface WebhookConfiguration extends KubernetesObject {
  readonly webhooks: readonly {
    readonly clientConfig: { readonly caBundle?: string };
    readonly failurePolicy?: string;
  }[];
}

/** Applies what is not there or is for another revision: to apply it again would take back what istiod has made of it. */
async function ensureWebhook(api: ApiClient, { path, object }: PlacedObject): Promise<void> {
  const present = await api.find<KubernetesObject>(path);
  const revision = "istio.io/rev";
  if (present?.metadata.labels?.[revision] !== object.metadata.labels?.[revision]) await api.apply(path, object);
}

/** Whether istiod has completed the webhook configurations of the revisions. */
async function areComplete(api: ApiClient, { revisions }: State): Promise<boolean> {
  const folder = "/apis/admissionregistration.k8s.io/v1";
  const all = await Promise.all(
    ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"].map((plural) =>
      api.list<WebhookConfiguration>(`${folder}/${plural}?labelSelector=istio.io%2Frev`),
    ),
  );
  const configurations = all.flat();
  return revisions.every(({ name }) => {
    const own = configurations.filter(({ metadata }) => metadata.labels?.["istio.io/rev"] === name);
    return (
      own.length > 0 &&
      own.every(({ webhooks }) =>
        webhooks.every(({ clientConfig, failurePolicy }) => clientConfig.caBundle && failurePolicy === "Fail"),
      )
    );
  });
}

async function note({ directory }: Context, message: string): Promise<void> {
  await mkdir(path.join(directory, "logs"), { recursive: true });
  await appendFile(path.join(directory, "logs", "istio.log"), `${new Date().toISOString()} ${message}\n`);
}
