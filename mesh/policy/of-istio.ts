import { type AccountKey, keyOf } from "../cluster/keys";
import { checkCallRules } from "./call-rules";
import { type HeaderRoute, headerRoutesOf, noHeaderRoutes } from "./header-routes";
import { type LimitRule, type Policy } from "./model";
import { kubernetesName, PolicyError, serviceOf } from "./names";
import { type OutlierDetection } from "./settings";

/** What a policy says of calls that Open Service Mesh has no object for, by the Service that is called, `namespace/name` where it is a map. */
export interface IstioCallRules {
  readonly timeouts: ReadonlyMap<string, ServiceTimeouts>;
  readonly outliers: ReadonlyMap<string, OutlierDetection>;
  readonly headerRoutes: readonly HeaderRoute[];
}

/** A policy that says nothing of the kind. */
export const noCallRules: IstioCallRules = { timeouts: new Map(), outliers: new Map(), headerRoutes: [] };

/** Timeouts of requests to one Service. */
export interface ServiceTimeouts {
  readonly byCaller: ReadonlyMap<AccountKey, string>;
  /** Of every other caller. Default: none. */
  readonly others?: string;
}

/**
 * Refuses what Open Service Mesh has no object for.
 *
 * @throws {PolicyError} that says what to write instead.
 */
export function refuseOfIstio({ timeouts = [], limits = [], splits = [] }: Policy): void {
  const matching = splits.findIndex(({ match = [] }) => match.length > 0);
  if (matching !== -1) throw new PolicyError(`splits[${String(matching)}].match: ${noHeaderRoutes}.`);
  if (timeouts.length > 0) {
    throw new PolicyError(
      "timeouts[0]: Open Service Mesh has no timeout of requests. Write perTryTimeout in a retry, which ends each attempt, or give the caller's HTTP client a timeout; Istio has it.",
    );
  }
  const index = limits.findIndex(({ outliers }) => outliers !== undefined);
  if (index === -1) return;
  throw new PolicyError(
    `limits[${String(index)}].outliers: Open Service Mesh has no outlier detection. Let a readiness probe take a pod out that fails; Istio has it.`,
  );
}

/**
 * Takes apart what a policy says for Istio: what OSM's objects can say as well, and the rest.
 *
 * @throws {PolicyError} as {@link checkCallRules} does.
 */
export function takenApart(policy: Policy): { readonly others: Policy; readonly callRules: IstioCallRules } {
  checkCallRules(policy);
  return { others: withoutOfIstio(policy), callRules: istioCallRules(policy) };
}

function withoutOfIstio(policy: Policy): Policy {
  const limits = (policy.limits ?? []).flatMap(({ service, connections, rate, routes }): LimitRule<string>[] =>
    connections === undefined && rate === undefined && routes === undefined
      ? []
      : [{ service, ...(connections && { connections }), ...(rate && { rate }), ...(routes && { routes }) }],
  );
  const splits = policy.splits?.map(({ name, root, backends }) => ({
    ...(name !== undefined && { name }),
    root,
    backends,
  }));
  return { ...policy, ...(splits && { splits }), timeouts: [], limits };
}

function istioCallRules(policy: Policy): IstioCallRules {
  const keyOfService = (name: string, place: string): string =>
    keyOf(serviceOf(policy, name, place).namespace, kubernetesName(policy, name));
  const timeouts = new Map<string, { readonly byCaller: Map<AccountKey, string>; others?: string }>();
  (policy.timeouts ?? []).forEach(({ from, to, timeout }, index) => {
    const place = `timeouts[${String(index)}]`;
    const key = keyOfService(to, `${place}.to`);
    const known = timeouts.get(key) ?? { byCaller: new Map<AccountKey, string>() };
    timeouts.set(key, known);
    if (from === undefined) known.others = timeout;
    for (const name of from === undefined ? [] : typeof from === "string" ? [from] : from) {
      const { namespace, serviceAccount } = serviceOf(policy, name, `${place}.from`);
      known.byCaller.set(keyOf(namespace, serviceAccount), timeout);
    }
  });
  const outliers = (policy.limits ?? []).flatMap(({ service, outliers: found }, index) =>
    found === undefined ? [] : [[keyOfService(service, `limits[${String(index)}].service`), found] as const],
  );
  return { timeouts, outliers: new Map(outliers), headerRoutes: headerRoutesOf(policy) };
}
