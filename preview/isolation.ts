import { type KubernetesObject } from "../mesh/manifests";
import { checkGuarantees, type Guarantee } from "../mesh";
import { type OsmMesh, osmMesh } from "../mesh/osm";
import { type RequestCondition } from "../mesh/request/request-set";
import { previewOf, previewPrefix } from "../program/previews/prefix";
import { type PreviewReach, reachCaller } from "../program/previews/reach";
import { routeCondition } from "./reaches";
import { type BrokenGuarantee } from "./report";

function ownerOf(namespace: string): string {
  const number = previewOf(namespace);
  return number === undefined ? "the shared workloads" : `pull request ${number}`;
}

const namespaceIn = (account: string): string => account.split("/")[0] ?? "";

/**
 * That nobody calls what belongs to somebody else: one guarantee for each service that has strangers around it, and one for
 * each stranger who may send it certain requests.
 *
 * @param reaches what previews may call of the shared workloads. Default: nothing.
 */
export function isolationGuarantees(
  objects: readonly KubernetesObject[],
  reaches: readonly PreviewReach[] = [],
): readonly Guarantee[] {
  const mesh = osmMesh({ objects });
  const { callers, services } = mesh.access();
  const names = new Set(services.map(({ service }) => service));
  return [...names].flatMap((service) => {
    const owner = ownerOf(namespaceIn(service));
    const strangers = callers.filter((caller) => ownerOf(namespaceIn(caller)) !== owner);
    const guests = strangers.flatMap((caller) => {
      const except = exceptions(mesh, reaches, caller, service);
      return except.length === 0 ? [] : [{ caller, except }];
    });
    const others = strangers.filter((stranger) => !guests.some(({ caller }) => caller === stranger));
    const never = { kind: "never", to: service } as const;
    return [
      ...(others.length === 0 ? [] : [{ ...never, name: `nobody but ${owner} calls ${service}`, from: others }]),
      ...guests.map(({ caller, except }) => ({
        ...never,
        name: `${caller} sends ${service} nothing but what previewReaches says`,
        from: [caller],
        except,
      })),
    ];
  });
}

/** The requests that a caller may send to a service of the shared workloads. */
function exceptions(
  mesh: OsmMesh,
  reaches: readonly PreviewReach[],
  caller: string,
  service: string,
): readonly RequestCondition[] {
  const owner = previewOf(namespaceIn(caller));
  if (owner === undefined) return [];
  return reaches
    .filter((reach) => reachCaller(owner, reach) === caller)
    .filter(({ to }) =>
      mesh.catalog.servicesOfAccount(to).some(({ namespace, service: { name } }) => `${namespace}/${name}` === service),
    )
    .flatMap(({ to, routes }) => routes.flatMap((route) => routeCondition(mesh, to, route) ?? []));
}

/**
 * Proves that a preview, the shared workloads and another preview cannot call each other, but for what is said. The other one is
 * a twin under another number: whatever holds for the twin holds for each preview of the same code.
 *
 * @param reaches what previews may call of the shared workloads. Default: nothing.
 * @returns how many guarantees there are, and those that do not hold, each with a call that shows it.
 */
export function proveIsolation(
  pullRequest: number,
  preview: readonly KubernetesObject[],
  shared: readonly KubernetesObject[],
  reaches: readonly PreviewReach[] = [],
): { readonly guarantees: number; readonly broken: readonly BrokenGuarantee[] } {
  const objects = [...shared, ...preview, ...twin(pullRequest, preview)];
  const guarantees = isolationGuarantees(objects, reaches);
  return { guarantees: guarantees.length, broken: checkGuarantees(osmMesh({ objects }), guarantees) };
}

/** The same objects as another pull request would have them. */
function twin(pullRequest: number, objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  const text = JSON.stringify(objects).replaceAll(previewPrefix(pullRequest), previewPrefix(pullRequest === 1 ? 2 : 1));
  return JSON.parse(text) as readonly KubernetesObject[];
}
