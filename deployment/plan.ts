import { createHash } from "node:crypto";
import { chmod, readFile } from "node:fs/promises";
import { type Stack } from "@pulumi/pulumi/automation";
import { findStack, type ProjectEngine } from "../preview/engine";
import { planStack } from "../preview/plan-stack";
import { PreviewProblem } from "../preview/problem";
import { type Review } from "../preview/report";
import { reviewOfStack } from "../preview/review";
import { readState } from "../preview/state";

/** A plan that waits for somebody to approve it. */
export interface DeploymentPlan {
  /** `sha256:` and the digest of the plan's file, hexadecimal. */
  readonly digest: string;
  /** What it comes to. */
  readonly review: Review;
}

/**
 * Plans the next update of a stack, and keeps the plan: an update by it does what the plan says, or nothing. Secrets in it are encrypted with the
 * stack's key.
 *
 * @param file where the plan goes.
 * @param prices where prices come from. Default: Azure's public price list.
 * @throws {PreviewProblem} where there is no such stack, or it cannot be planned.
 */
export async function planDeployment(
  engine: ProjectEngine,
  name: string,
  file: string,
  prices: string | undefined,
): Promise<DeploymentPlan> {
  const stack = await stackNamed(engine, name);
  const resources = await readState(engine, name);
  const planned = await planStack(engine, stack, file);
  if (planned.refused !== undefined) throw new PreviewProblem(`Stack ${name} cannot be planned: ${planned.refused}`);
  await chmod(file, 0o600);
  const review = await reviewOfStack(name, { stack: name, resources }, planned, { prices });
  return { digest: await digestOf(file), review };
}

/** `sha256:` and the digest of a file, hexadecimal. */
export async function digestOf(file: string): Promise<string> {
  const digest = createHash("sha256").update(await readFile(file));
  return `sha256:${digest.digest("hex")}`;
}

/** @throws {PreviewProblem} where there is no such stack. */
export async function stackNamed(engine: ProjectEngine, name: string): Promise<Stack> {
  const stack = await findStack(engine, name);
  if (stack !== undefined) return stack;
  throw new PreviewProblem(`There is no stack ${name}: make it, pulumi stack init ${name}.`);
}
