/** A place in a property map: names of members and indices of elements. */
export type PropertyPath = readonly (string | number)[];

/** Writes a path as Pulumi does: `networkProfile.podCidr`, `agentPoolProfiles[0].count`, `tags["kubernetes.io/name"]`. */
export function formatPropertyPath(path: PropertyPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    if (!/^[A-Za-z_$][\w$]*$/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}
