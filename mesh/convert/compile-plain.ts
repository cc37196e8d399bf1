import { type AccountKey } from "../cluster/keys";
import { type IstioObject, istioKinds, type VirtualService } from "../istio/kinds";
import { canonicalOrder } from "../istio/names";
import { type Gap } from "../istio/request-rules";
import { fullName } from "../osm/proxy/hostnames";
import { accountLabel, type Policy } from "../policy";
import { namespaceDefaults, policiesOf, rulesOfGrant } from "./convert";
import { plainPolicy, type PlainService } from "./plain";
import { noRetries, type RoutingOptions } from "./routing";
import { type Selectors } from "./selectors";
import { sidecarsOf } from "./sidecars";

/**
 * Istio's objects for a policy whose rules tell by themselves what passes ({@link plainPolicy}): those that the conversion of OSM's
 * objects makes. Undefined for others, and where Istio cannot say it, so that the conversion tells what.
 */
export function compilePlain(policy: Policy, options: RoutingOptions): readonly IstioObject[] | undefined {
  if (options.keepNotFound === true) return undefined;
  const plain = plainPolicy(policy);
  if (plain === undefined) return undefined;
  const { namespaces, services, grants } = plain;
  const objects: IstioObject[] = [
    ...namespaces.flatMap(namespaceDefaults),
    ...sidecarsOf(namespaces, [...grants.values()].flat(), new Map()),
    ...(options.noDefaultRetries === true ? [] : services.map(withoutRetries)),
  ];
  const gaps: Gap[] = [];
  for (const [account, ofAccount] of grants) {
    const rules = ofAccount.flatMap((grant) => rulesOfGrant(grant, gaps, undefined));
    if (gaps.length > 0) return undefined;
    for (const one of policiesOf(account, rules, byAccount, undefined, gaps) ?? []) objects.push(one);
  }
  return canonicalOrder(objects);
}

/** Pods of a policy have a label of their account. */
const byAccount: Selectors = (account: AccountKey) => [{ [accountLabel]: account.slice(account.indexOf("/") + 1) }];

/** Calls to a service go to itself, once. */
function withoutRetries(service: PlainService): VirtualService {
  const { namespace, name, ports } = service;
  const host = fullName(service);
  const several = ports.length > 1;
  return {
    apiVersion: istioKinds.VirtualService.apiVersion,
    kind: "VirtualService",
    metadata: { name, namespace },
    spec: {
      hosts: [host],
      http: ports.map(({ port }) => ({
        ...(several && { match: [{ port }] }),
        route: [{ destination: { host, ...(several && { port: { number: port } }) } }],
        retries: noRetries,
      })),
    },
  };
}
