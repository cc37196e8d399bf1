import { isListType } from "./kinds";

/** Version of the real provider that this one stands in for. */
export const standsInFor = "4.34.2";

/** What only the real provider makes, by its type or the function that its SDK calls, and how to get its objects without it. */
const missing: readonly { readonly token: RegExp; readonly name: string; readonly instead: string }[] = [
  {
    token: /^kubernetes:helm\.sh\/v4:Chart$/,
    name: "helm.v4.Chart",
    instead: "render the chart with `helm template` and give the file to yaml.ConfigFile",
  },
  {
    token: /^kubernetes:helm\.sh\/v3:Release$/,
    name: "helm.v3.Release",
    instead: "render the chart with `helm template` and give the file to yaml.ConfigFile",
  },
  {
    token: /^kubernetes:helm:template$/,
    name: "helm.v3.Chart",
    instead: "render the chart with `helm template` and give the file to yaml.ConfigFile",
  },
  {
    token: /^kubernetes:kustomize\/v2:Directory$/,
    name: "kustomize.v2.Directory",
    instead: "render the directory with `kubectl kustomize` and give the file to yaml.ConfigFile",
  },
  {
    token: /^kubernetes:kustomize:directory$/,
    name: "kustomize.Directory",
    instead: "render the directory with `kubectl kustomize` and give the file to yaml.ConfigFile",
  },
  {
    token: /^kubernetes:yaml\/v2:ConfigFile$/,
    name: "yaml.v2.ConfigFile",
    instead: "use yaml.ConfigFile, which makes the same objects, or write them as resources",
  },
  {
    token: /^kubernetes:yaml\/v2:ConfigGroup$/,
    name: "yaml.v2.ConfigGroup",
    instead: "use yaml.ConfigGroup, which makes the same objects, or write them as resources",
  },
];

/** Why the stand-in cannot serve a type or function, and what to do instead, in one line; undefined where it can. */
export function unsupported(token: string): string | undefined {
  if (isListType(token)) return `${token}: lists cannot be created; write the objects one by one`;
  const found = missing.find((entry) => entry.token.test(token));
  if (found === undefined) return undefined;
  return (
    `${found.name} is not supported by the sandbox's kubernetes provider: ${found.instead}; or install the real provider ` +
    `(\`pulumi plugin install resource kubernetes ${standsInFor}\`), which the sandbox then uses`
  );
}
