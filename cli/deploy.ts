import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { applyPlan } from "../deployment/apply";
import { planDeployment } from "../deployment/plan";
import { hideIn, planCounts, renderDeployment } from "../preview/comment";
import { engineIn, type EngineSurroundings } from "../preview/engine";
import { environmentSecrets } from "../preview/known-secrets";
import { endingSignals } from "./ending-signals";
import { readOptions } from "./options";
import { sayingProblems } from "./preview-problems";
import { describeReview } from "./preview-text";
import { type Terminal } from "./terminal";
import { UsageError } from "./usage-error";
import { tellWorkflow } from "./workflow-files";

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
  return sayingProblems(terminal, async () => {
    const engine = await engineIn(surroundingsOf(terminal), process.cwd());
    if (approved !== undefined) {
      terminal.out(`deployed: ${stack}, ${planCounts(await applyPlan(engine, stack, file, approved))}\n`);
      return 0;
    }
    const { digest, review } = await planDeployment(engine, stack, file, process.env["AKS_MESH_PRICES_URL"]);
    terminal.out(describeReview(review, terminal, "deploying"));
    terminal.out(
      `The plan is in ${plan}. To deploy it: npx aks-mesh deploy --stack ${stack} --plan ${plan} --approved ${digest}\n`,
    );
    tellWorkflow("GITHUB_STEP_SUMMARY", `${renderDeployment(stack, digest, review)}\n`);
    tellWorkflow("GITHUB_OUTPUT", `digest=${digest}\n`);
    return 0;
  });
}

function surroundingsOf(terminal: Terminal): EngineSurroundings {
  const secrets = environmentSecrets(process.env);
  return {
    environment: process.env,
    engineSignal: endingSignals().engineSignal,
    say: (message) => terminal.err(`${terminal.paint.dim(hideIn(message, secrets))}\n`),
  };
}
