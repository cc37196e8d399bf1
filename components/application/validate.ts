import { RunError } from "@pulumi/pulumi";
import { isDnsLabel } from "../../mesh/manifests/names";
import { type ApplicationArgs } from "./args";

/** Longest name of a namespace. */
const longestNamespace = 63;

/** A whole reference of an image: a path, then a tag, a digest or both. */
const imageReference = /^[a-z0-9][\w.:/-]*(:\w[\w.-]{0,127}|@sha256:[0-9a-f]{64})$/;

/**
 * Checks the arguments of Application, its objects and policies aside.
 *
 * @throws RunError that names each property and what to write.
 */
export function assertApplicationArgs(args: ApplicationArgs): void {
  const { policy, namespaces: { prefix = "" } = {}, images = {}, mostReplicas } = args;
  const problems: string[] = [];
  if (prefix !== "" && !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?-$/.test(prefix)) {
    problems.push(
      `namespaces.prefix: "${prefix}" cannot begin a namespace; write lower-case letters, digits and -, with a - at the end, e.g. pr-12-.`,
    );
  }
  const named = Object.values(policy?.services ?? {}).map(({ namespace }) => namespace);
  for (const namespace of new Set(named)) {
    if (isDnsLabel(namespace) && prefix.length + namespace.length <= longestNamespace) continue;
    problems.push(
      `policy.services: "${prefix}${namespace}" is no name of a namespace; use at most ${longestNamespace} lower-case letters, digits and -.`,
    );
  }
  for (const [repository, reference] of Object.entries(images)) {
    if (imageReference.test(reference)) continue;
    problems.push(
      `images["${repository}"]: "${reference}" has no tag or digest; write one such as registry.example/shop/cart:1.2.`,
    );
  }
  if (mostReplicas !== undefined && (!Number.isInteger(mostReplicas) || mostReplicas < 0)) {
    problems.push(`mostReplicas: ${mostReplicas} is no number of pods; write an integer of 0 or more.`);
  }
  if (problems.length > 0) throw new RunError(problems.join("\n"));
}
