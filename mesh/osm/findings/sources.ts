import { type Finding, finding } from "../../analysis/finding";
import { type ValuePath } from "../../manifests";
import { nearNames, slipsOf } from "../../manifests/near-names";
import { type OsmMesh } from "../mesh";
import { shownAccounts, type ShownAccounts } from "../../cluster/shown-accounts";
import { keyOf, type Named, type Subject } from "../state";

/** Sources of TrafficTargets, Egress and IngressBackend objects that do not exist, or that nothing runs as. */
export function sourceFindings(mesh: OsmMesh): readonly Finding[] {
  const { targets, egresses, retries } = mesh.state;
  const shown = shownAccounts(mesh.state);
  return [
    ...[...targets, ...egresses].flatMap((policy) => accountsOf(mesh, policy, shown)),
    // Those of TrafficTargets are told with what they have to be for the mesh.
    ...egresses.flatMap((policy) =>
      policy.sources.flatMap((source, index) => sourceNamespace(mesh, policy, source, ["spec", "sources", index])),
    ),
    ...retries.flatMap((policy) => sourceNamespace(mesh, policy, policy.source, ["spec", "source"])),
    ...retries.flatMap((policy) =>
      policy.destinations.flatMap((service, index) => retried(mesh, policy, service, ["spec", "destinations", index])),
    ),
    ...mesh.state.ingresses.flatMap((policy) =>
      policy.sources.flatMap((source, index) => ingressSource(mesh, policy, source, index)),
    ),
  ];
}

function accountsOf(
  mesh: OsmMesh,
  policy: Named & { readonly sources: readonly Subject[] },
  { accounts, running, withAccounts, withPods }: ShownAccounts,
): readonly Finding[] {
  return policy.sources.flatMap(({ key, namespace, name, kind }, index): readonly Finding[] => {
    if (namespace === "" || name === "" || kind !== "ServiceAccount" || running.has(key)) return [];
    const path = ["spec", "sources", index, "name"];
    if (accounts.has(key)) {
      if (!withPods.has(namespace)) return [];
      return [
        finding(mesh, policy, path, {
          severity: "warning",
          rule: "source-without-pods",
          message: `No pod of the manifests runs as ${key}: nobody calls under that name.`,
          remedy: "Set it in the caller's serviceAccountName, or take the source out.",
        }),
      ];
    }
    // Of a namespace whose accounts are not shown a name that resembles one of its pods' is a mistake, any other is not known.
    const near = nearNames(name, accountsIn(namespace, accounts));
    if (!withAccounts.has(namespace) && near.length === 0) return [];
    return [
      finding(mesh, policy, path, {
        severity: "warning",
        rule: "missing-source",
        message: `There is no service account ${key}, and no pod of the manifests runs as it: the source lets nobody in.`,
        remedy: near.length === 0 ? "Name an account that callers run as." : `Did you mean ${near.join(" or ")}?`,
      }),
    ];
  });
}

/** A namespace that no object shows, and that is nearly the name of one that is there. */
function sourceNamespace(
  mesh: OsmMesh,
  policy: Named,
  { namespace }: Pick<Subject, "namespace">,
  path: ValuePath,
): readonly Finding[] {
  const { namespaces } = mesh.state;
  const near = namespaces.has(namespace) ? [] : slipsOf(namespace, namespaces.keys());
  if (near.length === 0) return [];
  return [
    finding(mesh, policy, [...path, "namespace"], {
      severity: "warning",
      rule: "missing-source",
      message: `There is no namespace ${namespace}: the source is nobody.`,
      remedy: `Did you mean ${near.join(" or ")}?`,
    }),
  ];
}

/** A destination of a Retry that is no Service. */
function retried(
  mesh: OsmMesh,
  policy: Named,
  { kind, namespace, name, key }: Subject,
  path: ValuePath,
): readonly Finding[] {
  const { services } = mesh.state;
  if (kind !== "Service" || services.has(key)) return [];
  const isShown = [...services.values()].some((one) => one.namespace === namespace && !one.assumed);
  const near = nearNames(keyOf(namespace, name), services.keys());
  if (!isShown && near.length === 0) return [];
  return [
    finding(mesh, policy, [...path, "name"], {
      severity: "warning",
      rule: "missing-destination",
      message: `There is no Service ${key}: calls to none are tried again.`,
      remedy: near.length === 0 ? "Name a Service that is there." : `Did you mean ${near.join(" or ")}?`,
    }),
  ];
}

function accountsIn(namespace: string, accounts: ReadonlySet<string>): readonly string[] {
  const prefix = `${namespace}/`;
  return [...accounts].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
}

/** Where a source Service has no endpoints OSM makes nothing of the whole IngressBackend (pkg/catalog/ingress.go). */
function ingressSource(
  mesh: OsmMesh,
  policy: Named,
  { kind, namespace, name }: Subject,
  index: number,
): readonly Finding[] {
  if (kind !== "Service") return [];
  const { services, endpoints } = mesh.state;
  const slip = sourceNamespace(mesh, policy, { namespace }, ["spec", "sources", index]);
  if (slip.length > 0) return slip;
  const key = keyOf(namespace, name);
  if (endpoints.get(key)?.subsets.some(({ addresses, ports }) => addresses.length > 0 && ports.length > 0)) return [];
  // Of a namespace of which no object shows a Service nobody knows which there are.
  if (![...services.values()].some((one) => one.namespace === namespace && !one.assumed)) return [];
  const near = services.has(key) ? [] : nearNames(key, services.keys());
  return [
    finding(mesh, policy, ["spec", "sources", index, "name"], {
      severity: "error",
      rule: "ingress-source",
      message: `${services.has(key) ? `Service ${key} has no endpoints` : `There is no Service ${key}`}: OSM then opens nothing for the whole IngressBackend.`,
      remedy:
        near.length === 0
          ? "Name a Service that exists and has pods, or an IPRange."
          : `Did you mean ${near.join(" or ")}?`,
    }),
  ];
}
