import { type Guarantee, type MeshName } from "../mesh";
import { guaranteesOf } from "../mesh/policy";
import { stacks } from "../stacks";
import { applicationOf } from "./definition";

/** What has to hold in a stack, policies in manifests aside; nothing for a stack that is not defined here. */
export function guaranteesOfStack(stack: string, mesh: MeshName): readonly Guarantee[] {
  const definition = Object.hasOwn(stacks, stack) ? stacks[stack] : undefined;
  if (definition === undefined) return [];
  const { policy = { services: {} }, guarantees = [] } = applicationOf(definition, mesh);
  return [...guaranteesOf(policy), ...guaranteesOf(policy, guarantees)];
}
