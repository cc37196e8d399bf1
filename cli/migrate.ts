import { createInterface } from "node:readline/promises";
import { type Cluster, connect } from "./migrate/cluster";
import { type Facts, type Plan, planBack, planForward, standing } from "./migrate/plan";
import { osmRuns } from "./migrate/pods";
import { walk } from "./migrate/run";
import { type MigratedStack, openStack } from "./migrate/stack";
import { firstStep, forward } from "./migrate/steps";
import { obstacleText, planJson, planText } from "./migrate/text";
import { readOptions } from "./options";
import { EngineFailed } from "./stack-engine";
import { type Terminal } from "./terminal";
import { UsageError } from "./usage-error";

const options = {
  stack: { type: "string" },
  yes: { type: "boolean" },
  back: { type: "boolean" },
  json: { type: "boolean" },
  save: { type: "string" },
  "accept-changes": { type: "boolean" },
  "others-by-hand": { type: "boolean" },
  "remove-leftovers": { type: "boolean" },
} as const;

/** How the command ends. */
const codes = { fine: 0, refused: 1, stopped: 3 } as const;

/**
 * `aks-mesh migrate --stack NAME`: moves a running stack to Istio, or back, in place. Shows the plan; begins after a question on a
 * terminal, or with `--yes`. Ends with 1 where something stands in the way and nothing was changed, with 3 where it stopped in between.
 */
export async function migrateCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { values, positionals } = readOptions(args, options);
  const { stack: name } = values;
  if (name === undefined || !/^[\w.-]+$/.test(name)) throw new UsageError("Say which stack: --stack dev.");
  if (positionals.length > 0) throw new UsageError(`migrate takes no files: ${positionals.join(" ")}.`);
  const say = (line: string): void => terminal.err(`${line}\n`);
  try {
    const stack = await openStack(name, say);
    const kubeconfig = await stack.kubeconfig();
    if (kubeconfig === undefined) {
      throw new UsageError(
        `Stack ${name} has no cluster, so that there is nothing to move: \`pulumi config set mesh istio --stack ${name}\` makes it with Istio.`,
      );
    }
    const cluster = await connect(kubeconfig);
    const folder = values.save ?? `migration-${name}`;
    const plan = await planOf(stack, cluster, values.back === true, say);
    const left = standing(plan, values);
    if (values.json === true) terminal.out(`${JSON.stringify(planJson(plan, left), null, 2)}\n`);
    else terminal.out(planText(plan, terminal));
    if (plan.arrived && values["remove-leftovers"] !== true) {
      say(`Stack ${name} runs ${plan.to === "istio" ? "Istio" : "Open Service Mesh"}: nothing to do.`);
      return codes.fine;
    }
    for (const obstacle of left) say(terminal.paint.bad(`In the way: ${obstacleText(obstacle)}`));
    if (left.length > 0) return codes.refused;
    if (!(await begins(plan, values.yes === true, values.json === true))) {
      say(
        `Nothing was changed. To begin: aks-mesh migrate --stack ${name}${values.back === true ? " --back" : ""} --yes`,
      );
      return codes.fine;
    }
    return await begin(terminal, plan, stack, cluster, folder, values["remove-leftovers"] === true);
  } catch (error) {
    if (!(error instanceof EngineFailed)) throw error;
    terminal.err(`aks-mesh: ${error.message}\n`);
    return codes.refused;
  }
}

async function begin(
  terminal: Terminal,
  plan: Plan,
  stack: MigratedStack,
  cluster: Cluster,
  folder: string,
  removeLeftovers: boolean,
): Promise<number> {
  const say = (line: string): void => terminal.err(`${line}\n`);
  try {
    await walk(plan, stack, cluster, { folder, removeLeftovers, say });
  } catch (error) {
    if (!(error instanceof EngineFailed || error instanceof UsageError)) throw error;
    say(terminal.paint.bad(`Stopped: ${error.message}`));
    const way = plan.to === "istio" ? `, or back: aks-mesh migrate --stack ${plan.stack} --back --yes` : "";
    say(`The same command goes on from here${way}.`);
    return codes.stopped;
  }
  say(
    `Stack ${plan.stack} runs ${plan.to === "istio" ? "Istio" : "Open Service Mesh"}. Its settings in Pulumi.${plan.stack}.yaml have changed: commit them.`,
  );
  return codes.fine;
}

/** What is known, and what follows from it. */
async function planOf(
  stack: MigratedStack,
  cluster: Cluster,
  goesBack: boolean,
  say: (line: string) => void,
): Promise<Plan> {
  const position = await stack.position();
  const facts: Facts = {
    ...{ stack: stack.name, position },
    ...{ objects: await cluster.objects(), owned: await stack.owned(), settled: await stack.settled(position) },
  };
  if (goesBack) return planBack(facts);
  // Once it has begun, what runs is no longer what the policy was compared with.
  const runs = osmRuns(facts.objects);
  if (!runs || firstStep(forward, position, runs) > 0) return planForward(facts, undefined);
  say("Asking the program what its policies are on Istio (a preview: nothing changes) …");
  return planForward(facts, await stack.target());
}

async function begins({ stack, gap }: Plan, yes: boolean, json: boolean): Promise<boolean> {
  if (yes) return true;
  if (json || !process.stdin.isTTY || !process.stdout.isTTY) return false;
  const question = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const warned = gap === undefined ? "" : " Access control ends with it for a while.";
    return (await question.question(`Begin?${warned} Type the stack's name to begin: `)).trim() === stack;
  } finally {
    question.close();
  }
}
