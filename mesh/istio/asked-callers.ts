import { type AccountKey } from "../cluster/keys";
import { groupBy, memo, memoOnce } from "../cluster/look-up";
import { accountOfPrincipal, accountWritten, isTokenSource, type Peer, sourceTest } from "./authorization/peer";
import { whenTest } from "./authorization/rule";
import { addressOfClient, clientsOf } from "./calls/client";
import { type IstioPlane } from "./plane";
import { type AuthorizationPolicyState, type Lists, type SourceField } from "./state/authorization-policies";

/** Something that a policy asks of who calls. */
export interface CallerTest {
  /** Which of all it is. */
  readonly id: number;
  /** Those that are answered otherwise than all others. */
  readonly few: readonly AccountKey[];
  /** Whether these few meet it. */
  readonly isMetByFew: boolean;
}

/** What a policy asks of who calls. */
export interface Asked {
  /** Callers that it names one by one. */
  readonly named: readonly AccountKey[];
  /** What else tells callers apart. */
  readonly tests: readonly CallerTest[];
  /** Whether a rule of it does not ask. */
  readonly byAnybody: boolean;
}

/** What policies ask of callers. Policies that ask the same have the same tests. */
export function askedCallers(
  plane: IstioPlane,
  callers: readonly AccountKey[],
): (policy: AuthorizationPolicyState) => Asked {
  const { settings } = plane.state;
  const accountNamed = memo(accountOfPrincipal);
  const byNamespace = memoOnce(() => groupBy(callers, (caller) => caller.slice(0, caller.indexOf("/"))));
  const known = memoOnce(() => new Set(callers));
  const peers = memo((caller: AccountKey): Peer | undefined => {
    const [client] = clientsOf(plane, caller);
    return client && { principal: client.principal, ip: addressOfClient(client) };
  });
  const tests = new Map<string, CallerTest>();

  /** @param among the callers that may meet it; undefined for all. */
  function testOf(
    asked: object,
    namespace: string,
    isMet: (peer: Peer) => boolean,
    among?: readonly AccountKey[],
  ): CallerTest {
    const key = JSON.stringify([asked, asksForOwnNamespace(asked) ? namespace : ""]);
    let found = tests.get(key);
    if (found === undefined) {
      const met = (among ?? callers).filter((caller) => {
        const peer = peers(caller);
        return peer !== undefined && isMet(peer);
      });
      const isMetByFew = met.length <= callers.length / 2;
      const meeting = new Set(isMetByFew ? [] : met);
      found = { id: tests.size, few: isMetByFew ? met : callers.filter((one) => !meeting.has(one)), isMetByFew };
      tests.set(key, found);
    }
    return found;
  }

  /** The callers of which a source names all that may meet it; undefined where it takes others in. */
  function amongOf(source: Lists<SourceField>, namespace: string): readonly AccountKey[] | undefined {
    const { principals, serviceAccounts, namespaces } = source;
    const accounts = principals?.map(accountNamed) ?? serviceAccounts?.map((one) => accountWritten(namespace, one));
    if (accounts?.every((one) => one !== undefined)) return [...new Set(accounts)].filter((one) => known().has(one));
    if (namespaces === undefined || namespaces.some((one) => one.includes("*"))) return undefined;
    return [...new Set(namespaces)].flatMap((one) => byNamespace().get(one) ?? []);
  }

  return memo(({ rules, namespace }) => {
    const reading = { settings, namespace };
    const named: AccountKey[] = [];
    const asked: CallerTest[] = [];
    for (const { from, when } of rules) {
      for (const source of from) {
        const exact = namedBy(plane, source, namespace, accountNamed);
        if (exact === undefined) {
          asked.push(testOf(source, namespace, sourceTest(source, reading), amongOf(source, namespace)));
        } else named.push(...exact);
      }
      for (const condition of when) {
        const isMet = whenTest(condition, reading);
        const { key, values, notValues } = condition;
        if (isMet !== undefined) asked.push(testOf({ key, values, notValues }, namespace, isMet));
      }
    }
    const byAnybody = rules.some(
      ({ from }) => from.length === 0 || from.some((source) => Object.keys(source).every(isTokenSource)),
    );
    return { named, tests: [...new Set(asked)], byAnybody };
  });
}

/** Whether names without a namespace are those of the policy's own. */
function asksForOwnNamespace(asked: object): boolean {
  return (
    "serviceAccounts" in asked ||
    "notServiceAccounts" in asked ||
    ("key" in asked && asked.key === "source.serviceAccount")
  );
}

/** The callers that a source names one by one; undefined where it tells callers apart in another way. */
function namedBy(
  { state }: IstioPlane,
  source: Lists<SourceField>,
  namespace: string,
  accountNamed: (principal: string) => AccountKey | undefined,
): readonly AccountKey[] | undefined {
  const fields = Object.keys(source).filter((field) => !isTokenSource(field));
  if (fields.length === 0) return [];
  const { principals, serviceAccounts } = source;
  if (fields.length > 1) return undefined;
  if (serviceAccounts !== undefined) return serviceAccounts.map((one) => accountWritten(namespace, one));
  const { trustDomain } = state.settings;
  if (principals === undefined || trustDomain !== "cluster.local") return undefined;
  const named: AccountKey[] = [];
  for (const one of principals) {
    const account = one.startsWith(`${trustDomain}/`) ? accountNamed(one) : undefined;
    if (account === undefined) return undefined;
    named.push(account);
  }
  return named;
}
