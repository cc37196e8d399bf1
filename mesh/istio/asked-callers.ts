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

  /** @param candidates the callers that may be answered otherwise than all others. Default: all, and others do not meet it. */
  function testOf(
    asked: object,
    namespace: string,
    isMet: (peer: Peer) => boolean,
    { callers: some, othersMeetIt }: Candidates = { callers, othersMeetIt: false },
  ): CallerTest {
    const key = JSON.stringify([asked, asksForOwnNamespace(asked) ? namespace : ""]);
    let found = tests.get(key);
    if (found === undefined) {
      const apart = some.filter((caller) => {
        const peer = peers(caller);
        return (peer !== undefined && isMet(peer)) !== othersMeetIt;
      });
      const areFew = apart.length <= callers.length / 2;
      const without = new Set(areFew ? [] : apart);
      const few = areFew ? apart : callers.filter((one) => !without.has(one));
      found = { id: tests.size, few, isMetByFew: areFew !== othersMeetIt };
      tests.set(key, found);
    }
    return found;
  }

  const among = (accounts: Iterable<AccountKey>): readonly AccountKey[] =>
    [...new Set(accounts)].filter((one) => known().has(one));
  /** The callers that values may mean; undefined where these are patterns that tell no namespace. */
  const meantBy: Readonly<
    Record<NamingField, (values: readonly string[], namespace: string) => readonly AccountKey[] | undefined>
  > = {
    principals: (values) => {
      const groups = values.map((one) => {
        const account = accountNamed(one);
        return account === undefined ? ofNamespace(namespaceOfPattern(one)) : [account];
      });
      return groups.every((group) => group !== undefined) ? among(groups.flat()) : undefined;
    },
    serviceAccounts: (values, namespace) => among(values.map((one) => accountWritten(namespace, one))),
    namespaces: (values) =>
      values.some((one) => one.includes("*")) ? undefined : among(values.flatMap((one) => ofNamespace(one) ?? [])),
  };
  const ofNamespace = (namespace: string | undefined): readonly AccountKey[] | undefined =>
    namespace === undefined ? undefined : (byNamespace().get(namespace) ?? []);

  /** Those who may be answered otherwise than all others that a source is asked of; undefined where it does not tell. */
  function candidatesOf(source: Lists<SourceField>, namespace: string): Candidates | undefined {
    for (const field of ["principals", "serviceAccounts", "namespaces"] as const) {
      const values = source[field];
      const meant = values && meantBy[field](values, namespace);
      if (meant !== undefined) return { callers: meant, othersMeetIt: false };
    }
    const excepted: AccountKey[] = [];
    for (const field of Object.keys(source)) {
      if (isTokenSource(field)) continue;
      const meant = isExcepting(field) ? meantBy[excepting[field]](source[field] ?? [], namespace) : undefined;
      if (meant === undefined) return undefined;
      excepted.push(...meant);
    }
    return { callers: among(excepted), othersMeetIt: true };
  }

  return memo(({ rules, namespace }) => {
    const reading = { settings, namespace };
    const named: AccountKey[] = [];
    const asked: CallerTest[] = [];
    for (const { from, when } of rules) {
      for (const source of from) {
        const exact = namedBy(plane, source, namespace, accountNamed);
        if (exact === undefined) {
          asked.push(testOf(source, namespace, sourceTest(source, reading), candidatesOf(source, namespace)));
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

/** The callers that are to be looked at one by one, as all others meet what is asked, or none of them does. */
interface Candidates {
  readonly callers: readonly AccountKey[];
  readonly othersMeetIt: boolean;
}

/** Lists of a source that name callers. */
type NamingField = "principals" | "serviceAccounts" | "namespaces";

/** Lists that name callers to leave out. */
const excepting = {
  notPrincipals: "principals",
  notServiceAccounts: "serviceAccounts",
  notNamespaces: "namespaces",
} as const satisfies Readonly<Record<string, NamingField>>;

function isExcepting(field: string): field is keyof typeof excepting {
  return Object.hasOwn(excepting, field);
}

/** The namespace of `DOMAIN/ns/NAMESPACE/sa/*`; undefined for other patterns. */
function namespaceOfPattern(principal: string): string | undefined {
  return /^[^*/]+\/ns\/([^*/]+)\/sa\/[^*/]*\*$/.exec(principal)?.[1];
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
