import { appendFileSync, existsSync } from "node:fs";
import { resolve } from "node:path";
import { applyPlan } from "../deployment/apply";
import { planDeployment } from "../deployment/plan";
import { hideIn, planCounts, renderDeployment } from "../preview/comment";
import { engineIn, type Surroundings } from "../preview/engine";
import { environmentSecrets } from "../preview/known-secrets";
import { InputProblem, PreviewProblem } from "../preview/problem";
import { readPreviewPolicy } from "../preview/settings";
import { endingSignals } from "./ending-signals";
import { readOptions } from "./options";
import { describeReview } from "./preview-text";
import { type Terminal } from "./terminal";
import { UsageError } from "./usage-error";

const options = { stack: { type: "string" }, plan: { type: "string" }, approved: { type: "string" } } as const;

/** `aks-mesh deploy`: plans an update of a stack and keeps the plan, or, once that is approved, does what it says and nothing else. */
export async function deployCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { stack, plan, approved } = readOptions(args, options).values;
  if (stack === undefined || !/^[\w./-]+$/.test(stack)) throw new UsageError("Say which stack: --stack prod.");
  if (plan === undefined) throw new UsageError("Say where the plan is, or shall be: --plan FILE.");
  if (approved !== undefined && !/^sha256:[0-9a-f]{64}$/.test(approved)) {
    throw new UsageError("--approved takes the digest that was said with the plan, sha256:…");
  }
  const file = resolve(plan);
  if (approved !== undefined && !existsSync(file))
    throw new UsageError(`There is no plan ${plan}: make it without --approved.`);
  const surroundings = await surroundingsOf(terminal);
  const engine = await engineIn(surroundings, process.cwd());
  try {
    if (approved !== undefined) {
      terminal.out(`deployed: ${stack}, ${planCounts(await applyPlan(engine, stack, file, approved))}\n`);
      return 0;
    }
    const { digest, review } = await planDeployment(engine, stack, file, process.env["AKS_MESH_PRICES_URL"]);
    terminal.out(describeReview(review, terminal, "deploying"));
    terminal.out(
      `The plan is in ${plan}. To deploy it: npx aks-mesh deploy --stack ${stack} --plan ${plan} --approved ${digest}\n`,
    );
    append("GITHUB_STEP_SUMMARY", `${renderDeployment(stack, digest, review)}\n`);
    append("GITHUB_OUTPUT", `digest=${digest}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof PreviewProblem)) throw error;
    terminal.err(`aks-mesh: ${hideIn(error.message, [...surroundings.secrets])}\n`);
    return error instanceof InputProblem ? 2 : 1;
  }
}

async function surroundingsOf(terminal: Terminal): Promise<Surroundings> {
  const program = resolve(__dirname, "..");
  const { project } = await readPreviewPolicy(program);
  const secrets = new Set(environmentSecrets(process.env));
  return {
    ...{ program, project, environment: process.env, secrets, ...endingSignals(), lockTimeout: 0, takeOver: false },
    say: (message) => terminal.err(`${terminal.paint.dim(hideIn(message, [...secrets]))}\n`),
  };
}

function append(variable: string, text: string): void {
  const file = process.env[variable];
  if (file !== undefined && file !== "") appendFileSync(file, text);
}
