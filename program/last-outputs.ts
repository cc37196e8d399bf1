import * as pulumi from "@pulumi/pulumi";
import { isJsonObject } from "../mesh/manifests";

/** Outputs of the stack, by name. */
export type StackOutputs = Readonly<Record<string, unknown>>;

/** What the stack's last run left, secrets included. The engine itself has this question, by which StackReference reads other stacks. */
export async function lastOutputs(): Promise<StackOutputs> {
  const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const answer: unknown = await pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name });
  const outputs = isJsonObject(answer) ? answer["outputs"] : undefined;
  return isJsonObject(outputs) ? outputs : {};
}
