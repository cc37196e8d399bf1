import { type KubernetesObject } from "../mesh/manifests";
import { access, checkGuarantees, type Guarantee, osmMesh } from "../mesh/osm";
import { type BrokenGuarantee } from "./report";

/** Who a namespace belongs to: the preview of a pull request, or everybody. */
function ownerOf(namespace: string): string {
  const number = /^pr-(\d+)-/.exec(namespace)?.[1];
  return number === undefined ? "the shared workloads" : `pull request ${number}`;
}

const namespaceIn = (account: string): string => account.split("/")[0] ?? "";

/** That nobody calls what belongs to somebody else: one guarantee for each service that has strangers around it. */
export function isolationGuarantees(objects: readonly KubernetesObject[]): readonly Guarantee[] {
  const { callers, services } = access(osmMesh({ objects }));
  const names = new Set(services.map(({ namespace, service }) => `${namespace}/${service.name}`));
  return [...names].flatMap((service) => {
    const owner = ownerOf(namespaceIn(service));
    const strangers = callers.filter((caller) => ownerOf(namespaceIn(caller)) !== owner);
    if (strangers.length === 0) return [];
    return [{ name: `nobody but ${owner} calls ${service}`, kind: "never" as const, from: strangers, to: service }];
  });
}

/**
 * Proves that a preview, the shared workloads and another preview cannot call each other. The other one is a twin under another
 * number: whatever holds for the twin holds for each preview of the same code.
 *
 * @returns how many guarantees there are, and those that do not hold, each with a call that shows it.
 */
export function proveIsolation(
  pullRequest: number,
  preview: readonly KubernetesObject[],
  shared: readonly KubernetesObject[],
): { readonly guarantees: number; readonly broken: readonly BrokenGuarantee[] } {
  const objects = [...shared, ...preview, ...twin(pullRequest, preview)];
  const guarantees = isolationGuarantees(objects);
  return { guarantees: guarantees.length, broken: checkGuarantees(osmMesh({ objects }), guarantees) };
}

/** The same objects as another pull request would have them. */
function twin(pullRequest: number, objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  const text = JSON.stringify(objects).replaceAll(`pr-${pullRequest}-`, `pr-${pullRequest === 1 ? 2 : 1}-`);
  return JSON.parse(text) as readonly KubernetesObject[];
}
