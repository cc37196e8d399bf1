import { type KubernetesObject } from "../mesh/manifests";
import {
  type AccessChange,
  addressOf,
  checkGuarantees,
  diff,
  DiffTooLarge,
  type Guarantee,
  type Mesh,
  meshesOf,
  unprovedRule,
} from "../mesh";
import { memoOnce } from "../mesh/cluster/look-up";
import { type OsmMesh, osmMesh } from "../mesh/osm";
import { type RequestCondition } from "../mesh/request/request-set";
import { previewOf, previewPrefix } from "../program/previews/prefix";
import { type PreviewReach, reachCaller } from "../program/previews/reach";
import { guestGuarantees, reachesThatEnd } from "./istio-reaches";
import { meshOfStack } from "./mesh";
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
  return guaranteesIn(meshOfStack(objects), objects, reaches);
}

function guaranteesIn(
  mesh: Mesh,
  objects: readonly KubernetesObject[],
  reaches: readonly PreviewReach[],
): readonly Guarantee[] {
  const { callers, services } = mesh.access();
  const ofIstio = meshesOf(objects).has("istio");
  const osm = memoOnce(() => osmMesh({ objects }));
  const names = new Set(services.map(({ service }) => service));
  return [...names].flatMap((service) => {
    const owner = ownerOf(namespaceIn(service));
    const strangers = callers.filter((caller) => ownerOf(namespaceIn(caller)) !== owner);
    const guests = strangers.flatMap((caller): { readonly caller: string; readonly held: readonly Guarantee[] }[] => {
      const own = reachesOf(reaches, caller);
      if (ofIstio) {
        const behind = own.length === 0 ? [] : mesh.accountsBehind({ service });
        const led = own.filter(({ to, operations }) => operations !== undefined && behind.includes(to));
        return led.length === 0 ? [] : [{ caller, held: guestGuarantees(mesh, caller, service, led) }];
      }
      const except = exceptions(osm, own, service);
      const name = `${caller} sends ${service} nothing but what previewReaches says`;
      return except.length === 0
        ? []
        : [{ caller, held: [{ kind: "never", to: service, name, from: [caller], except }] }];
    });
    const others = strangers.filter((stranger) => !guests.some(({ caller }) => caller === stranger));
    const never = { kind: "never", to: service } as const;
    return [
      ...(others.length === 0 ? [] : [{ ...never, name: `nobody but ${owner} calls ${service}`, from: others }]),
      ...guests.flatMap(({ held }) => held),
    ];
  });
}

/** What a caller may call of the shared workloads, if it is a preview's. */
function reachesOf(reaches: readonly PreviewReach[], caller: string): readonly PreviewReach[] {
  const owner = previewOf(namespaceIn(caller));
  return owner === undefined ? [] : reaches.filter((reach) => reachCaller(owner, reach) === caller);
}

/** The requests that a caller with these reaches may send to a service of the shared workloads on Open Service Mesh. */
function exceptions(osm: () => OsmMesh, own: readonly PreviewReach[], service: string): readonly RequestCondition[] {
  if (own.length === 0) return [];
  const mesh = osm();
  return own
    .filter(({ to }) =>
      mesh.catalog.servicesOfAccount(to).some(({ namespace, service: { name } }) => `${namespace}/${name}` === service),
    )
    .flatMap(({ to, routes = [] }) => routes.flatMap((route) => routeCondition(mesh, to, route) ?? []));
}

/**
 * Proves that a preview, the shared workloads and another preview cannot call each other, but for what is said, and that no call among the
 * shared workloads, or from them to hosts outside, ends otherwise than without previews; on Istio also that what is said passes. The other preview is a twin under another number:
 * whatever holds for the twin holds for each preview of the same code.
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
  const together = meshOfStack(objects);
  const guarantees = guaranteesIn(together, objects, reaches);
  const open = reachesThatEnd(pullRequest, preview, together, reaches);
  return {
    guarantees: guarantees.length + open.guarantees + 1,
    broken: [
      ...checkGuarantees(together, guarantees),
      ...open.broken,
      ...changesForOthers(meshOfStack(shared), together),
    ],
  };
}

const untouched = "previews change nothing for the shared workloads";

/** What previews do to calls of which no part is theirs, such as by a route for everybody's sidecars. */
function changesForOthers(without: Mesh, together: Mesh): readonly BrokenGuarantee[] {
  const namespaces = new Map(together.access().services.map((one) => [addressOf(one), one.namespace]));
  const isOfPreview = ({ from, to }: AccessChange): boolean =>
    [namespaceIn(from), namespaces.get(to) ?? ""].some((namespace) => previewOf(namespace) !== undefined);
  const object = `Guarantee ${untouched}`;
  try {
    return diff(without, together)
      .filter((change) => !isOfPreview(change))
      .map((change) => ({
        object,
        message: `${object} does not hold: calls from ${change.from} to ${change.to} ${became[change.kind]}.`,
        ...(change.request && { request: change.request }),
        remedy:
          "Leave to the shared workloads what is theirs: objects of a preview that name hosts or accounts of others are for its own sidecars alone.",
      }));
  } catch (error) {
    if (!(error instanceof DiffTooLarge)) throw error;
    const remedy = "Give the preview a cluster of its own: `npx aks-mesh preview up --cluster own`.";
    return [{ object, rule: unprovedRule, message: `${object} cannot be proved: ${error.message}`, remedy }];
  }
}

const became: Readonly<Record<AccessChange["kind"], string>> = {
  opens: "would pass that now do not",
  closes: "would not pass that now do",
  unsettles: "might fail that now always pass",
  settles: "would always pass that now may fail",
  shares: "would go to other pods",
  answers: "would fail with another answer",
  unknown: "are decided by patterns too complex to compare",
};

/** The same objects as another pull request would have them. */
function twin(pullRequest: number, objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  const text = JSON.stringify(objects).replaceAll(previewPrefix(pullRequest), previewPrefix(pullRequest === 1 ? 2 : 1));
  return JSON.parse(text) as readonly KubernetesObject[];
}
