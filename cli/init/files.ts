import { type PolicyService } from "../../mesh/policy";
import { type Described } from "./described";

/** A file to be written, by its path below the repository's root. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
}

/**
 * The files of an application: a policy by which nobody may call anybody yet, and what is deployed.
 *
 * @param name of the application, a folder below stacks/ and a name in TypeScript.
 * @param manifests where they are, relative to the repository's root.
 */
export function applicationFiles(
  name: string,
  { services, images, front }: Described,
  manifests: string,
): readonly NewFile[] {
  const names = [...services.keys()];
  const called = names.find((one) => (services.get(one)?.ports ?? []).length > 0) ?? "api";
  const caller =
    names.find((one) => services.get(one)?.ports === undefined) ?? names.find((one) => one !== called) ?? "web";
  const entries = [...services].map(([key, service]) => `    ${propertyName(key)}: ${serviceText(service)},`);
  const policy = `import { definePolicy } from "../../mesh/policy";

/** Who there is, and who may call whom: nobody, until \`access\` says so. docs/policy.md describes what can be written here. */
export const policy = definePolicy({
  services: {
${entries.join("\n")}
  },
  // Named kinds of requests: methods, a path as a regular expression of RE2, headers.
  routes: {},
  // Such as { from: ${text(caller)}, to: ${text(called)}, routes: ["GROUP/ROUTE"] }, or tcp: [5432] for bytes.
  access: [],
});
`;
  const index = `import { defineApplication } from "../../program/application";
import { policy } from "./policy";

/** What runs on the mesh. A stack names it: \`application: ${identifier(name)}\`, see docs/your-application.md. */
export const ${identifier(name)} = defineApplication({
  policy,
  workloads: [{ manifests: ${text(manifests)} }],
  // Images that a pull request may bring to its preview, by name.
  images: {${[...images].map(([key, repository]) => `\n    ${propertyName(key)}: ${text(repository)},`).join("")}${images.size > 0 ? "\n  " : ""}},${
    front === undefined ? "" : `\n  front: ${text(front)},`
  }
  // What no change may break, checked before anything is deployed.
  guarantees: [],
});
`;
  return [
    { path: `stacks/${name}/policy.ts`, text: policy },
    { path: `stacks/${name}/index.ts`, text: index },
  ];
}

/** The name of an application in TypeScript. */
export function identifier(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function serviceText({ namespace, serviceAccount, ports = [], service }: PolicyService): string {
  const written = ports.map(({ port, targetPort, protocol }) => {
    const target = targetPort === undefined ? "" : `, targetPort: ${String(targetPort)}`;
    return `{ port: ${String(port)}${target}, protocol: ${text(protocol)} }`;
  });
  const fields = [
    `namespace: ${text(namespace)}`,
    `serviceAccount: ${text(serviceAccount)}`,
    ...(service === undefined ? [] : [`service: ${text(service)}`]),
    ...(written.length === 0 ? [] : [`ports: [${written.join(", ")}]`]),
  ];
  return `{ ${fields.join(", ")} }`;
}

function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : text(name);
}

function text(value: string): string {
  return JSON.stringify(value);
}
