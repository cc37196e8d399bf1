import { CommandError, type OutputMap, Stack } from "@pulumi/pulumi/automation";
import { isJsonObject, type KubernetesObject } from "../mesh/manifests";
import { istioMesh } from "../mesh/istio";
import { osmMesh } from "../mesh/osm";
import { type PreviewSettings } from "../program/previews/settings";
import { beyondLimits } from "./bounds";
import { clusterOf, kindsOf } from "./cluster";
import {
  alone,
  baseOf,
  type Engine,
  engineErrors,
  findStack,
  openEngine,
  type Surroundings,
  takeUp,
  type WhenFree,
} from "./engine";
import { hostOf } from "./host";
import { stackOf } from "./inputs";
import { proveIsolation } from "./isolation";
import { istioReachProblems } from "./istio-reaches";
import { textsIn } from "./known-secrets";
import { previewStacks } from "./list";
import { objectsOf } from "./objects";
import { entriesForOthers, namespacesNotApart, outsideOwnNamespaces } from "./own-namespaces";
import { type KindScopes } from "./kinds";
import { engineLog, type EngineResource } from "./plan";
import { planStack } from "./plan-stack";
import { type BaseStack, type Planned, type PlannedStack } from "./planned";
import { PreviewProblem } from "./problem";
import { isReachTarget, reachProblems } from "./reaches";
import { type Address, type Health, type PreviewReport, type Review, type StackOutput } from "./report";
import { type PreviewPolicy } from "./settings";
import { readState } from "./state";
import { tagsOf, tagStack } from "./tags";

/** What to deploy. Every text has been checked. */
export interface UpOptions {
  readonly pullRequest: number;
  readonly commit: string;
  readonly owner: string;
  /** From now, in milliseconds. */
  readonly timeToLive: number;
  readonly cluster: "shared" | "own";
  readonly base: string;
  readonly images: Readonly<Record<string, string>>;
}

/** A preview that was brought up or refused, and the plans that a review of it goes by. */
export interface Deployed {
  readonly report: PreviewReport;
  readonly planned: Planned;
}

/**
 * Reviews plans while they are carried out: that needs the processor, and the deployment mostly waits.
 *
 * @param base the stack that the preview is meant for, as it is; undefined where there is none.
 */
export type Reviewing = (planned: Planned, base: BaseStack | undefined) => Promise<Review>;

/**
 * Brings the preview of a pull request to where its commit says: the first time makes it, every other time updates it. Before
 * anything changes it is proved that the preview stays within its bounds.
 *
 * @param reviewing makes the review that the report has. Default: it has none.
 * @returns what came of it; the report's state says whether all went well.
 * @throws {PreviewProblem} where nothing could be begun.
 */
export async function up(
  surroundings: Surroundings,
  policy: PreviewPolicy,
  options: UpOptions,
  reviewing?: Reviewing,
): Promise<Deployed> {
  const name = stackOf(options.pullRequest);
  const engine = await openEngine(surroundings, options.base);
  try {
    return await alone(engine, name, `aks-mesh preview up --pr ${options.pullRequest}`, async (whenFree) => {
      const expires = new Date(Date.now() + options.timeToLive).toISOString().replace(/\.\d+Z$/, "Z");
      const { pullRequest, commit, owner, cluster, base, images } = options;
      const { reaches } = policy;
      const [existing, host] = await Promise.all([
        findStack(engine, name),
        cluster === "shared" ? hostOf(baseOf(engine), base) : undefined,
      ]);
      if (existing !== undefined) await refuseMove(engine, name, options);
      if (cluster === "shared" && host === undefined) throw noHost(engine, base);
      const settings: PreviewSettings = {
        ...{ pullRequest, commit, owner, expires, cluster, base, images, reaches },
        ...(host && { host }),
      };
      await engine.projectDirectory.configure(name, policy.project, settings);
      const stack = await openStack(engine, existing, settings, policy, whenFree);
      return deploy(engine, stack, settings, policy, whenFree, reviewing);
    });
  } finally {
    await engine.close();
  }
}

function noHost({ published }: Engine, base: string): PreviewProblem {
  const remedy = published
    ? `Publish it: npx aks-mesh preview publish --base ${base}`
    : `Run \`pulumi up --stack ${base}\` first, or name another stack: --base STACK`;
  return new PreviewProblem(
    `There is no stack ${base} whose cluster is up, so that previews could share it. ${remedy}.`,
  );
}

/** A preview stays on the cluster that it was made on. */
async function refuseMove(engine: Engine, name: string, wanted: UpOptions): Promise<void> {
  const { cluster, base } = await tagsOf(engine, name);
  const moved = cluster !== undefined && cluster !== wanted.cluster;
  if (!moved && (base === undefined || wanted.cluster === "own" || base === wanted.base)) return;
  throw new PreviewProblem(
    `The preview of pull request ${wanted.pullRequest} is on ${cluster === "own" ? "a cluster of its own" : `the cluster of stack ${base ?? ""}`}. Remove it first: npx aks-mesh preview down --pr ${wanted.pullRequest}`,
  );
}

/** The preview's stack, made if it is new, tagged, and free of what earlier runs left. */
async function openStack(
  engine: Engine,
  existing: Stack | undefined,
  settings: PreviewSettings,
  policy: PreviewPolicy,
  whenFree: WhenFree,
): Promise<Stack> {
  const name = stackOf(settings.pullRequest);
  if (existing === undefined) {
    const create = async () => {
      const created = await Stack.create(name, engine.workspace);
      await tagStack(engine, name, settings);
      return created;
    };
    return settings.cluster === "own" ? admitOwnCluster(engine, name, policy, create) : create();
  }
  await takeUp(engine, existing, whenFree);
  await tagStack(engine, name, settings);
  return existing;
}

/**
 * Takes one of the places for clusters of previews' own, or none. It is taken first and counted afterwards, so that two machines that begin at
 * once see each other: at worst none of them gets the last place, and never both.
 */
async function admitOwnCluster(
  engine: Engine,
  name: string,
  { ownClusters }: PreviewPolicy,
  create: () => Promise<Stack>,
): Promise<Stack> {
  return alone(engine, "clusters of previews' own", `aks-mesh preview up, stack ${name}`, async () => {
    const created = await create();
    const others = (await previewStacks(engine)).filter(({ stack, tags }) => tags.cluster === "own" && stack !== name);
    if (others.length < ownClusters) return created;
    await engine.workspace.removeStack(name, { force: true });
    const numbers = others.map(({ pullRequest }) => pullRequest).join(", ");
    throw new PreviewProblem(
      `${others.length} of at most ${ownClusters} previews with a cluster of their own are there already (pull requests ${numbers || "none"}). Remove one, or use the shared cluster.`,
    );
  });
}

/** What came of a deployment. */
type Outcome = Pick<PreviewReport, "state" | "addresses" | "outputs" | "health">;

async function deploy(
  engine: Engine,
  stack: Stack,
  settings: PreviewSettings,
  policy: PreviewPolicy,
  whenFree: WhenFree,
  reviewing: Reviewing | undefined,
): Promise<Deployed> {
  const { pullRequest, commit, cluster: kind, expires, base: name, host } = settings;
  const known = baseOf(engine);
  // A cluster of one's own needs no other: without a stack to compare with, the report says so.
  const compared = kind === "shared" || (await findStack(known, name)) !== undefined;
  const resources = compared ? await readState(known, name) : [];
  const cluster = host && { resourceGroupName: host.resourceGroupName, clusterName: host.clusterName };
  const base = compared ? { stack: name, resources, ...(cluster && { cluster }) } : undefined;
  let tellPlan: (preview: PlannedStack) => void = () => undefined;
  const previewPlanned = new Promise<PlannedStack>((resolve) => (tellPlan = resolve));
  const bothPlanned = Promise.all([planMerging(known, name), previewPlanned]).then(([merging, preview]): Planned => ({
    pullRequest,
    commit,
    kind,
    base: name,
    ...(merging && { merging }),
    preview,
  }));
  const [outcome, planned, review] = await Promise.all([
    deployWithinBounds(engine, stack, settings, policy, objectsOf(resources), whenFree, tellPlan),
    bothPlanned,
    bothPlanned.then((plans) => reviewing?.(plans, base)),
  ]);
  return { report: { pullRequest, commit, stack: stack.name, kind, expires, ...outcome, ...review }, planned };
}

/** What merging would do to a stack; undefined where there is none of that name. */
async function planMerging(engine: Engine, name: string): Promise<PlannedStack | undefined> {
  const stack = await findStack(engine, name);
  return stack && planStack(engine, stack);
}

/** @param tellPlan told what the preview would be, as soon as that is known. */
async function deployWithinBounds(
  engine: Engine,
  stack: Stack,
  settings: PreviewSettings,
  policy: PreviewPolicy,
  shared: readonly KubernetesObject[],
  whenFree: WhenFree,
  tellPlan: (preview: PlannedStack) => void,
): Promise<Outcome> {
  const { say, engineSignal } = engine.surroundings;
  const { cluster } = settings;
  const nothing = { addresses: [], outputs: [] };

  say(`Looking whether stack ${stack.name} would stay within its bounds …`);
  const [place, preview] = await Promise.all([
    cluster === "shared" ? clusterOf(engine, settings.base) : undefined,
    planStack(engine, stack),
  ]);
  tellPlan(preview);
  const { resources, refused } = preview;
  if (refused !== undefined) return { ...nothing, state: { status: "failed", error: refused } };
  const problems =
    cluster === "own"
      ? beyondLimits(resources, policy)
      : outsideOfPreview(settings, policy, resources, shared, await kindsOf(place, resources));
  if (problems.length > 0) {
    const error = `Nothing was deployed: the preview would leave its bounds.\n${problems.map((one) => `- ${one}`).join("\n")}`;
    return { ...nothing, state: { status: "failed", error } };
  }

  say(`Deploying stack ${stack.name} …`);
  const done = engineLog();
  let outputs: OutputMap;
  try {
    ({ outputs } = await whenFree(() => stack.up({ onEvent: done.listen, color: "never", signal: engineSignal })));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return {
      ...nothing,
      state: { status: "failed", error: engineErrors(engine.surroundings, done.log().errors, error) },
    };
  }
  for (const { value, secret } of Object.values(outputs)) {
    if (secret) for (const text of textsIn(value)) engine.surroundings.secrets.add(text);
  }
  const health = await healthOf(engine, stack.name, settings);
  return {
    state: { status: "running" },
    addresses: addressesOf(outputs),
    outputs: outputsOf(outputs),
    ...(health && { health }),
  };
}

/** What a preview on the shared cluster would do that belongs to somebody else, each a sentence. */
function outsideOfPreview(
  { pullRequest, base, host }: PreviewSettings,
  { reaches }: PreviewPolicy,
  resources: readonly EngineResource[],
  shared: readonly KubernetesObject[],
  kinds: KindScopes,
): readonly string[] {
  const isAdmitted = (object: KubernetesObject): boolean => isReachTarget(pullRequest, reaches, object);
  const ofReaches =
    host?.meshRevision === undefined
      ? reachProblems(reaches, osmMesh({ objects: shared }), base)
      : istioReachProblems(reaches, istioMesh({ objects: shared }), base);
  return [
    ...ofReaches,
    ...outsideOwnNamespaces({ pullRequest, kinds, isAdmitted }, resources),
    ...namespacesNotApart(pullRequest, resources),
    ...entriesForOthers(resources),
    ...proveIsolation(pullRequest, objectsOf(resources), shared, reaches).broken.map(({ message }) => message),
  ];
}

async function healthOf(
  engine: Engine,
  stack: string,
  { pullRequest, cluster, base }: PreviewSettings,
): Promise<Health | undefined> {
  try {
    const own = cluster === "own";
    const found = await clusterOf(engine, own ? stack : base);
    return (await found?.health(own ? pullRequest : undefined))?.get(pullRequest);
  } catch (error) {
    // The preview runs; that nobody could look at it is worth a line, not a failure.
    engine.surroundings.say(`Its health is not known: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** The application's HTTP addresses, from the stack's outputs, its front first. */
function addressesOf({ addresses, front }: OutputMap): readonly Address[] {
  const known: unknown = addresses?.value;
  if (!isJsonObject(known)) return [];
  return Object.entries(known)
    .flatMap(([name, url]) => (typeof url === "string" && /^https?:/.test(url) ? [{ name, url }] : []))
    .sort((a, b) => Number(b.url === front?.value) - Number(a.url === front?.value));
}

function outputsOf(outputs: OutputMap): readonly StackOutput[] {
  return Object.entries(outputs).map(([name, { value, secret }]): StackOutput => {
    if (secret) return { name, secret };
    return { name, secret, value: typeof value === "string" ? value : JSON.stringify(value) };
  });
}
