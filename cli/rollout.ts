import { isJsonObject } from "../mesh/manifests";
import { readRolloutStates, type RolloutState, sharesQuery } from "../rollout";
import { oneOf, readOptions } from "./options";
import { askPrometheus } from "./prometheus";
import { EngineFailed, previewStack, projectName, pulumiOutput, upStack } from "./stack-engine";
import { type Paint, type Terminal } from "./terminal";
import { UsageError } from "./usage-error";

const options = {
  stack: { type: "string" },
  root: { type: "string" },
  prometheus: { type: "string" },
  json: { type: "boolean" },
} as const;

/** How the command ends. */
const codes = { fine: 0, refused: 1, wentBack: 3 } as const;

const verbs = ["status", "step", "next", "back"] as const;

/** A stack's rollouts, by `namespace/service` of the root. */
type States = ReadonlyMap<string, RolloutState>;

/**
 * `aks-mesh rollout status|step|next|back --stack NAME`: where rollouts stand, and one step of them: as the gate says, without waiting, or back.
 * Nothing but weights changes. Ends with 1 where something else would change too, or it failed; with 3 where a gate sent a canary back.
 */
export async function rolloutCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { values, positionals } = readOptions(args, options);
  const [given, ...more] = positionals;
  if (given === undefined) throw new UsageError(`Say what: rollout ${verbs.join(", ")}.`);
  const verb = oneOf(verbs, given, "rollout");
  if (more.length > 0) throw new UsageError(`rollout ${verb} takes no more words: ${more.join(" ")}.`);
  const { stack, root } = values;
  if (stack === undefined || !/^[\w./-]+$/.test(stack)) throw new UsageError("Say which stack: --stack prod.");
  if (values.prometheus !== undefined && verb !== "status") {
    throw new UsageError(
      `rollout ${verb} asks the Prometheus that is set: pulumi config set prometheus ${values.prometheus} --stack ${stack}.`,
    );
  }
  try {
    const before = await statesOf(stack, root);
    if (verb === "status") return await status(terminal, before, values);
    return await move(terminal, { verb, stack, root, json: values.json === true }, before);
  } catch (error) {
    if (!(error instanceof EngineFailed)) throw error;
    terminal.err(`aks-mesh: ${error.message}\n`);
    return codes.refused;
  }
}

/** @throws {UsageError} where the stack has no rollout, or not this one. */
async function statesOf(stack: string, root: string | undefined): Promise<States> {
  const outputs: unknown = JSON.parse(await pulumiOutput(["stack", "output", "--json", "--stack", stack]));
  let states: States;
  try {
    states = readRolloutStates(isJsonObject(outputs) ? outputs["rollouts"] : undefined);
  } catch (error) {
    throw new EngineFailed(error instanceof Error ? error.message : String(error));
  }
  if (states.size === 0) {
    throw new UsageError(
      `Stack ${stack} has no rollout that began. Write one into its application, see docs/rollout.md, then \`pulumi up\`.`,
    );
  }
  if (root !== undefined && !states.has(root)) {
    throw new UsageError(`There is no rollout of ${root}. There are ${[...states.keys()].join(", ")}.`);
  }
  return new Map([...states].filter(([name]) => root === undefined || name === root));
}

interface Asked {
  readonly verb: "step" | "next" | "back";
  readonly stack: string;
  readonly root: string | undefined;
  readonly json: boolean;
}

async function move(terminal: Terminal, { verb, stack, root, json }: Asked, before: States): Promise<number> {
  const say = (line: string): void => terminal.err(`${terminal.paint.dim(line)}\n`);
  const kind = verb === "step" ? undefined : root === undefined ? verb : `${verb}:${root}`;
  const environment = { AKS_MESH_ROLLOUT: kind ?? "" };
  say(`Looking what stack ${stack} would change …`);
  const others = await otherChanges(stack, environment);
  if (others.length > 0) {
    terminal.err(
      `aks-mesh: nothing was changed. With the weights ${String(others.length)} other things would: ${others.slice(0, 5).join(", ")}${others.length > 5 ? " …" : ""}. Deploy these first: pulumi up --stack ${stack}; AKS_MESH_ROLLOUT=hold in its environment leaves the weights alone.\n`,
    );
    return codes.refused;
  }
  const said: string[] = [];
  const listen = (line: string): void => {
    say(line);
    const [text] = /(?<=rollout of )\S+: .+$/.exec(line) ?? [];
    if (text !== undefined && !said.includes(text)) said.push(text);
  };
  await upStack(await projectName(), stack, { say: listen, environment });
  const after = await statesOf(stack, root);
  terminal.out(json ? statesJson(after, new Map()) : `${said.join("\n")}\n`);
  const wentBack = [...after].some(([name, { phase }]) => phase === "failed" && before.get(name)?.phase !== "failed");
  return wentBack ? codes.wentBack : codes.fine;
}

/** Kinds that have the weights. */
const weighted = /:(TrafficSplit|VirtualService)$/;

/** What else an update would change, as the engine names it. */
async function otherChanges(stack: string, environment: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const preview = await previewStack(["--stack", stack], { environment });
  if ("refused" in preview) throw new EngineFailed(`pulumi preview failed: ${preview.refused}`);
  return preview.steps.flatMap(({ op, urn }) => {
    const [type = "", name = ""] = urn.split("::").slice(2);
    const own = type.split("$").at(-1) ?? type;
    if (
      ["same", "read", "refresh"].includes(op) ||
      own === "pulumi:pulumi:Stack" ||
      (op === "update" && weighted.test(own))
    )
      return [];
    return [`${op} ${own.split(":").at(-1) ?? own} ${name}`];
  });
}

/** What sidecars counted since the last move, by the root: requests to each version. */
type Measured = ReadonlyMap<string, Readonly<Record<string, number>>>;

async function status(
  terminal: Terminal,
  states: States,
  { prometheus, json }: { readonly prometheus?: string | undefined; readonly json?: boolean | undefined },
): Promise<number> {
  const measured = prometheus === undefined ? new Map() : await measuredShares(prometheus, states);
  terminal.out(json === true ? statesJson(states, measured) : statusText(states, measured, terminal.paint));
  return codes.fine;
}

async function measuredShares(address: string, states: States): Promise<Measured> {
  const asked = [...states].map(async ([root, { stable, canary, since }]) => {
    const seconds = (Date.now() - Date.parse(since)) / 1000;
    const query = sharesQuery(root.slice(0, root.indexOf("/")), [stable, canary], seconds);
    const samples = await askPrometheus(address, query);
    const counts = samples.map(({ labels, value }) => [String(labels["service"]), Math.round(value)] as const);
    return [root, Object.fromEntries(counts)] as const;
  });
  return new Map(await Promise.all(asked));
}

function statesJson(states: States, measured: Measured): string {
  const rollouts = [...states].map(([root, state]) => {
    const requests = measured.get(root);
    return [root, requests === undefined ? state : { ...state, requests }];
  });
  return `${JSON.stringify({ rollouts: Object.fromEntries(rollouts) as unknown }, null, 2)}\n`;
}

/** Columns of the picture of a share. */
const barWidth = 20;

function statusText(states: States, measured: Measured, paint: Paint): string {
  const lines = [...states].flatMap(([root, { stable, canary, weight, phase, since, reason, version }]) => {
    const filled = Math.round((weight / 100) * barWidth);
    const bar = `${"█".repeat(filled)}${"░".repeat(barWidth - filled)}`;
    const mark = phase === "failed" ? paint.bad : phase === "finished" ? paint.good : paint.warn;
    const requests = measured.get(root);
    return [
      `${root}  ${bar}  ${String(weight)} % to ${canary}, the rest to ${stable}`,
      `    ${mark(phase)} since ${since}, version ${version}: ${reason}`,
      ...(requests === undefined ? [] : [`    ${measuredText(requests, canary)}`]),
    ];
  });
  return `${lines.join("\n")}\n`;
}

function measuredText(requests: Readonly<Record<string, number>>, canary: string): string {
  const total = Object.values(requests).reduce((sum, count) => sum + count, 0);
  if (total === 0) return "sidecars counted no request since then";
  const share = (100 * (requests[canary] ?? 0)) / total;
  return `sidecars counted ${String(total)} requests since then, ${share.toFixed(1)} % of them to ${canary}`;
}
