import { keyOf } from "../../../cluster/keys";
import { memo } from "../../../cluster/look-up";
import { type ServiceState } from "../../../cluster/workloads";
import { mayLead, type Refusal } from "./attachment";
import { type ReferenceGrantState } from "./grants";
import { type BackendState, type RouteState } from "./routes";

/** What backends refer to. */
interface Referred {
  /** Undefined of sidecars, which ask for none. */
  readonly referenceGrants: ReadonlyMap<string, ReferenceGrantState> | undefined;
  readonly services: ReadonlyMap<string, ServiceState>;
}

/**
 * What istiod does not take of a route's rules: of some backends the gateway, or the caller's sidecar, answers with 500; what else is wrong takes the whole route away
 * (pilot/pkg/config/kube/gateway/conversion.go, buildDestination). It does not look at backends of weight 0.
 */
export function refusalsOfRules(route: RouteState, referred: Referred): readonly Refusal[] {
  const isShown = memo((namespace: string) =>
    [...referred.services.values()].some((service) => service.namespace === namespace),
  );
  return route.rules.flatMap(({ index, unknownFilter, backends }): readonly Refusal[] => {
    const path = ["spec", "rules", index];
    const ofBackends = backends.flatMap((backend, at): readonly Refusal[] => {
      const found = backend.weight === 0 ? undefined : backendRefusal(route, backend, referred, isShown);
      if (found === undefined) return [];
      const { field, ...rest } = found;
      return [{ route, path: [...path, "backendRefs", at, ...(field === undefined ? [] : [field])], ...rest }];
    });
    if (unknownFilter === undefined) return ofBackends;
    const filter: Refusal = {
      route,
      path: [...path, "filters"],
      rule: "route-not-taken",
      text: `istiod knows no filter ${unknownFilter} of a ${route.kind}, and takes nothing of the route`,
      remedy: "Take the filter out.",
    };
    return [filter, ...ofBackends];
  });
}

/** Why a backend is not led to, in the order in which istiod looks. */
function backendRefusal(
  route: RouteState,
  backend: BackendState,
  { referenceGrants, services }: Referred,
  isShown: (namespace: string) => boolean,
): (Pick<Refusal, "rule" | "text" | "remedy"> & { readonly field?: string }) | undefined {
  const { service, port } = backend;
  if (service === undefined) return undefined;
  const named = "namespace" in service ? service : undefined;
  const answers = referenceGrants === undefined ? "callers' sidecars answer" : "the gateway answers";
  if (named !== undefined && referenceGrants !== undefined && !mayLead(route, backend, referenceGrants)) {
    return {
      field: "namespace",
      rule: "route-to-nowhere",
      text: `no ReferenceGrant lets routes of ${route.namespace} lead to Services of ${named.namespace}: ${answers} with 500`,
      remedy: `Write a ReferenceGrant in ${named.namespace} from ${route.kind} in ${route.namespace} to Service ${named.name}.`,
    };
  }
  if (named?.name.includes(".") === true) {
    return {
      field: "name",
      rule: "route-not-taken",
      text: `${named.name} is no name of a Service: istiod takes nothing of the route`,
      remedy: "Write the Service's name, and its namespace in `namespace`.",
    };
  }
  if (port === undefined) {
    return {
      rule: "route-not-taken",
      text: "the backend has no port: istiod takes nothing of the route",
      remedy: "Write the Service's port.",
    };
  }
  if (named === undefined || !isShown(named.namespace) || services.has(keyOf(named.namespace, named.name)))
    return undefined;
  return {
    field: "name",
    rule: "route-to-nowhere",
    text: `there is no Service ${named.namespace}/${named.name}: ${answers} with 500`,
    remedy: "Write the name of a Service, and its namespace where it is another.",
  };
}
