import { clusterOf } from "./cluster";
import { type Engine, openEngine, type Surroundings } from "./engine";
import { inTurns, type PreviewStack, previewStacks } from "./list";
import { PreviewProblem } from "./problem";
import { type Health } from "./report";
import { type StackTags } from "./tags";

/** One preview, as a table shows it. What is not known is absent. */
export interface StatusRow extends StackTags {
  readonly pullRequest: number;
  readonly stack: string;
  /** When the last update ended, ISO 8601. */
  readonly lastUpdate?: string;
  /** `expired`: the reaper will take it. */
  readonly state: "updating" | "expired" | "unfinished" | "running";
  /** Where the application's front answers inside the cluster. */
  readonly address?: string;
  readonly health?: Health;
}

/** All previews, with the health of their workloads. */
export async function status(surroundings: Surroundings, base: string): Promise<readonly StatusRow[]> {
  const engine = await openEngine(surroundings, base);
  try {
    const previews = await previewStacks(engine);
    const shared = previews.filter(({ tags }) => tags.cluster !== "own");
    const bases = [...new Set(shared.map(({ tags }) => tags.base ?? base))];
    const own = previews.filter(({ tags }) => tags.cluster === "own");
    const clusters = [
      ...bases.map((stack) => ({ stack, owner: undefined })),
      ...own.map(({ stack, pullRequest }) => ({ stack, owner: pullRequest })),
    ];
    const health = new Map<number, Health>();
    await inTurns(4, clusters, async ({ stack, owner }) => {
      for (const [pullRequest, found] of await healthOn(engine, stack, owner)) health.set(pullRequest, found);
    });
    return await inTurns(4, previews, async (preview) => rowOf(engine, preview, health.get(preview.pullRequest)));
  } finally {
    await engine.close();
  }
}

async function healthOn(
  engine: Engine,
  stack: string,
  owner: number | undefined,
): Promise<ReadonlyMap<number, Health>> {
  try {
    const cluster = await clusterOf(engine, stack);
    return (await cluster?.health(owner)) ?? new Map();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    engine.surroundings.say(`The cluster of stack ${stack} cannot be asked: ${reason}`);
    return new Map();
  }
}

async function rowOf(engine: Engine, preview: PreviewStack, health: Health | undefined): Promise<StatusRow> {
  const { pullRequest, stack, lastUpdate, updating, tags } = preview;
  const { front: address, namespaces } = await outputsOf(engine, stack);
  const expired = tags.expires !== undefined && Date.parse(tags.expires) < Date.now();
  const state = updating ? "updating" : expired ? "expired" : namespaces === undefined ? "unfinished" : "running";
  return {
    pullRequest,
    stack,
    ...tags,
    state,
    ...(lastUpdate !== undefined && { lastUpdate }),
    ...(address !== undefined && { address }),
    ...(health && { health }),
  };
}

/** What a stack's program says at its end. */
interface Outputs {
  readonly front?: string;
  readonly namespaces?: unknown;
}

/** A stack's outputs. The Automation API would also decrypt all secrets, in a second run of the CLI. */
async function outputsOf(engine: Engine, stack: string): Promise<Outputs> {
  const { code, stdout, stderr } = await engine.pulumi(["stack", "output", "--json", "--stack", stack]);
  if (code !== 0) throw new PreviewProblem(`The outputs of stack ${stack} cannot be read: ${stderr.trim()}`);
  return JSON.parse(stdout) as Outputs;
}
