import { RunError } from "@pulumi/pulumi";
import { parse } from "yaml";
import { nearNames } from "../mesh/manifests/near-names";

/**
 * Refuses settings that nothing reads: Pulumi itself takes any key.
 *
 * @param project Text of Pulumi.yaml, which declares the settings there are.
 * @param keys Keys of the stack's configuration, with their namespaces. Other namespaces are none of ours.
 * @throws RunError that names each, with what was probably meant.
 */
export function refuseUnknownKeys(project: string, keys: readonly string[]): void {
  const { name, config = {} } = parse(project) as { name: string; config?: Readonly<Record<string, unknown>> };
  const prefix = `${name}:`;
  const declared = Object.keys(config).map((key) => (key.startsWith(prefix) ? key.slice(prefix.length) : key));
  const unknown = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length))
    .filter((key) => !declared.includes(key));
  if (unknown.length === 0) return;
  const lines = unknown.map((key) => {
    const near = nearNames(key, declared);
    const meant = near.length > 0 ? `Did you mean ${near.join(" or ")}?` : "Pulumi.yaml describes those there are.";
    return `  ${prefix}${key} is no setting. ${meant} Take it out with \`pulumi config rm ${key}\`.`;
  });
  throw new RunError(`The stack's configuration has settings that nothing reads:\n${lines.join("\n")}`);
}
