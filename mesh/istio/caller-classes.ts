import { type AccountKey, keyOf } from "../cluster/keys";
import { groupBy, memo, memoOnce } from "../cluster/look-up";
import { askedCallers, type CallerTest } from "./asked-callers";
import { clientsOf } from "./calls/client";
import { interceptionOf } from "./calls/interception";
import { policiesBehind, policiesIn } from "./hosts-behind";
import { type IstioPlane } from "./plane";
import { type HostPort, type KnownHost } from "./registry";
import { type ServiceRouteState } from "./state/gateway-api/service-routes";
import { meshGateway } from "./state/virtual-services";

/** Callers that are answered alike. */
export interface CallerClass {
  readonly first: AccountKey;
  /** All of them. There may be many, and mostly nobody asks. */
  all(): readonly AccountKey[];
}

/** Callers of hosts' ports in classes. */
export interface CallerClasses {
  /** The classes of a port. Those that cannot pass whatever they send may be left out. Without a host: of ports outside of the cluster. */
  of(host: KnownHost | undefined, port: HostPort | undefined): readonly CallerClass[];
  /** Tells callers of a port apart: equal for those of one class who take the same names for the same, too. */
  keyAt(host: KnownHost, port: HostPort): (caller: AccountKey) => string;
}

/**
 * Callers in classes: those of one are answered alike. Callers differ by what their own sidecars are told, and by what the policies of the
 * pods that may answer say of them; most policies name a few, and all others are one class.
 */
export function callerClasses(plane: IstioPlane, callers: readonly AccountKey[]): CallerClasses {
  const local = dependsOnNamespace(plane);
  const clientClass = memo((caller: AccountKey) => clientKey(plane, caller, local));
  const byClient = groupBy(callers, clientClass);
  const known = new Set(callers);
  const none: ReadonlySet<AccountKey> = new Set();
  const askedBy = askedCallers(plane, callers);
  const partitions = new Map<string, Partition>();

  /** Callers by their own sidecars and by what is asked of them. */
  function partitionBy(asked: readonly AskedTest[]): Partition {
    const key = asked.map(({ test, allows }) => `${allows ? "+" : ""}${String(test.id)}`).join();
    let found = partitions.get(key);
    if (found === undefined) partitions.set(key, (found = partition(byClient, clientClass, asked)));
    return found;
  }

  /** What tells callers of a port apart: those that are to be looked at one by one, what is asked of all, and whether anybody may pass. */
  function askedAt(host: KnownHost, port: HostPort) {
    const { sets, isOpen } = policiesBehind(plane, host);
    const apart = new Set<AccountKey>();
    const asked: AskedTest[] = [];
    let open = isOpen || isTakenOver(plane, host);
    for (const { allow } of sets) {
      if (allow.length === 0 || allow.some((policy) => askedBy(policy).byAnybody)) open = true;
    }
    for (const policy of policiesIn(sets)) {
      const { tests, named } = askedBy(policy);
      for (const test of tests) asked.push({ test, allows: policy.action === "ALLOW" });
      for (const caller of named) if (known.has(caller)) apart.add(caller);
    }
    // Callers that are a headless Service's own pods call themselves.
    if (host.passthrough) {
      for (const { ip } of plane.registry.endpoints(host, port)) {
        const pod = plane.podOfIp(ip);
        const account = pod && keyOf(pod.namespace, pod.serviceAccount);
        if (account !== undefined && known.has(account)) apart.add(account);
      }
    }
    return { apart, asked, open };
  }

  return {
    of: (host, port) => {
      if (host === undefined || port === undefined) return partitionBy([]).parts.flatMap((part) => classOf(part, none));
      const { apart, asked, open } = askedAt(host, port);
      const alone = Array.from(apart, (first): CallerClass => ({ first, all: () => [first] }));
      if (!open && asked.length === 0) return alone;
      const others = partitionBy(asked).parts.filter(({ mayBeAllowed }) => open || mayBeAllowed);
      return [...alone, ...others.flatMap((part) => classOf(part, apart))];
    },
    keyAt: (host, port) => {
      const { apart, asked } = askedAt(host, port);
      const { answers } = partitionBy(asked);
      return (caller) =>
        apart.has(caller) || !known.has(caller)
          ? caller
          : [caller.slice(0, caller.indexOf("/")), [...(answers.get(caller) ?? [])].join(), clientClass(caller)].join(
              " ",
            );
    },
  };
}

/** Something that policies ask of callers. */
interface AskedTest {
  readonly test: CallerTest;
  /** Whether it is a policy of ALLOW that asks. */
  readonly allows: boolean;
}

/** All callers, by what is asked of them. */
interface Partition {
  readonly parts: readonly Part[];
  /** Of each caller that is not answered as most are the tests in which it is not. */
  readonly answers: ReadonlyMap<AccountKey, ReadonlySet<number>>;
}

/** Callers whose sidecars are told the same and of whom policies say the same, but for those that they name. */
interface Part {
  readonly among: readonly AccountKey[];
  /** Those among them of whom policies say something else. */
  readonly without: ReadonlyMap<AccountKey, ReadonlySet<number>>;
  /** Where in the list the first is. */
  readonly start: number;
  /** Whether they meet something that a policy of ALLOW asks. */
  readonly mayBeAllowed: boolean;
  /** All of them: one list for all ports, as there may be many of both. */
  readonly all: () => readonly AccountKey[];
}

function partition(
  byClient: ReadonlyMap<string, readonly AccountKey[]>,
  clientClass: (caller: AccountKey) => string,
  asked: readonly AskedTest[],
): Partition {
  const answers = new Map<AccountKey, Set<number>>();
  for (const [index, { test }] of asked.entries()) {
    for (const caller of test.few) {
      const own = answers.get(caller);
      if (own === undefined) answers.set(caller, new Set([index]));
      else own.add(index);
    }
  }
  const mayBeAllowed = (own: ReadonlySet<number> | undefined): boolean =>
    asked.some(({ test, allows }, index) => allows && (own?.has(index) ?? false) === test.isMetByFew);
  const few = groupBy(answers.keys(), (caller) => `${[...(answers.get(caller) ?? [])].join()} ${clientClass(caller)}`);
  const parts = Array.from(few.values(), (among): Part => ({
    among,
    without: new Map(),
    start: 0,
    mayBeAllowed: among.some((one) => mayBeAllowed(answers.get(one))),
    all: () => among,
  }));
  const others = mayBeAllowed(undefined);
  for (const among of byClient.values()) {
    const start = among.findIndex((caller) => !answers.has(caller));
    if (start < 0) continue;
    const all = memoOnce(() => (answers.size === 0 ? among : among.filter((caller) => !answers.has(caller))));
    parts.push({ among, without: answers, start, mayBeAllowed: others, all });
  }
  return { parts, answers };
}

/** A part without the callers that are named. */
function classOf({ among, without, start, all }: Part, named: ReadonlySet<AccountKey>): readonly CallerClass[] {
  const isOf = (caller: AccountKey): boolean => !without.has(caller) && !named.has(caller);
  for (let index = start; index < among.length; index += 1) {
    const first = among[index];
    if (first === undefined || !isOf(first)) continue;
    return [{ first, all: named.size === 0 ? all : () => all().filter((caller) => !named.has(caller)) }];
  }
  return [];
}

/** Whether what sidecars are told of differs between namespaces: by Sidecars, objects that are not for all, or routes of the Gateway API. */
function dependsOnNamespace({ state }: IstioPlane): boolean {
  return (
    state.sidecars.length > 0 ||
    state.virtualServices.some(
      ({ exportTo, semantics, gateways }) =>
        exportTo.length > 0 || (semantics === "gateway-api" && gateways.includes(meshGateway)),
    ) ||
    state.serviceRoutes.length > 0
  );
}

/** Whether a route of the Gateway API may lead a host's connections past the policies of the pods behind it. */
function isTakenOver({ state }: IstioPlane, { service }: KnownHost): boolean {
  if (service === undefined) return false;
  const isParent = ({ namespace, name }: ServiceRouteState["services"][number]): boolean =>
    namespace === service.namespace && name === service.name;
  return state.serviceRoutes.some(({ services }) => services.some(isParent));
}

/** Equal for callers whose sidecars are told the same. */
function clientKey(plane: IstioPlane, caller: AccountKey, local: boolean): string {
  const [namespace = ""] = caller.split("/");
  const alone = plane.network !== undefined || plane.readsAddresses;
  const clients = clientsOf(plane, caller).map(({ scope, told, pods }) => {
    const annotated = pods.map(interceptionOf).filter((one) => one.length > 0);
    const annotations = annotated.length === 0 ? "" : JSON.stringify(annotated);
    return `${scope === undefined ? "-" : `+${scope.sidecar?.name ?? ""}`} ${told} ${annotations}`;
  });
  const alike = clients.length === 1 ? clients : [...new Set(clients)].sort();
  return [local ? namespace : "", alone ? caller : "", ...alike].join("\n");
}
