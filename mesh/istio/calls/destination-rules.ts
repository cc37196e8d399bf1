import { type Labels } from "../../cluster/workloads";
import { bySpecificity, matchesHost } from "../host-patterns";
import { isSubset } from "../labels";
import { type IstioPlane } from "../plane";
import { type KnownHost } from "../registry";
import { type DestinationRuleState } from "../state/destination-rules";
import { type Client } from "./client";
import { resolveName } from "./virtual-hosts";

/**
 * The DestinationRules that a client's sidecar goes by for a host, put together: of all their subsets of one name the first counts, and of settings the first that says any. They are
 * of its own namespace, of the host's, or of the mesh's (pilot/pkg/model: push_context.go, destination_rule.go, sidecar.go).
 */
export function destinationRulesFor(
  plane: IstioPlane,
  client: Client,
  host: KnownHost,
): readonly DestinationRuleState[] {
  const { state } = plane;
  if (state.destinationRules.length === 0) return [];
  const { namespace } = client;
  const isOfRoot = namespace === state.rootNamespace;
  const own = joined(
    plane.destinationRulesOf(namespace).filter((rule) => isLocal(rule) && (!isOfRoot || !isExported(rule))),
    host,
  );
  if (own.length > 0) return picked(own, client)?.rules ?? [];
  for (const space of new Set([host.namespace, state.rootNamespace])) {
    const exported = joined(plane.destinationRulesOf(space).filter(isExported), host).filter(
      ({ readers }) => readers.size === 0 || readers.has("*") || readers.has(namespace),
    );
    if (exported.length > 0) return picked(exported, client)?.rules ?? [];
  }
  return [];
}

/** Namespaces that a rule says to be for. One for some pods is for its own alone. */
function readersOf({ callers, exportTo }: DestinationRuleState): ReadonlySet<string> {
  return new Set(isForSome(callers) ? ["."] : exportTo);
}

function isForSome(callers: Labels): boolean {
  return Object.keys(callers).length > 0;
}

/** Whether a rule is for its own namespace, too. */
function isLocal(rule: DestinationRuleState): boolean {
  const readers = readersOf(rule);
  return readers.size === 0 || ["*", ".", rule.namespace].some((one) => readers.has(one));
}

/** Whether a rule is for other namespaces than its own. */
function isExported(rule: DestinationRuleState): boolean {
  const readers = readersOf(rule);
  return readers.size !== 1 || !(readers.has(".") || readers.has(rule.namespace));
}

/** Rules that istiod has put together. */
interface Joined {
  readonly readers: ReadonlySet<string>;
  /** Labels of calling pods that they are for. Empty for all. */
  readonly callers: Labels;
  readonly rules: DestinationRuleState[];
}

/** The rules of a namespace for the most specific of the names that take in a host, as istiod puts them together (mergeDestinationRule). */
function joined(rules: readonly DestinationRuleState[], host: KnownHost): readonly Joined[] {
  const named = rules.flatMap((rule) => {
    const name = resolveName(rule.host, rule.namespace);
    return matchesHost(name, host.host) ? [{ rule, name }] : [];
  });
  const [best] = named.map(({ name }) => name).sort(bySpecificity(host.host));
  const same = named.filter(({ name }) => name === best).map(({ rule }) => rule);
  // Those for some pods come first.
  const ordered = [
    ...same.filter(({ callers }) => isForSome(callers)),
    ...same.filter(({ callers }) => !isForSome(callers)),
  ];
  const all: Joined[] = [];
  for (const rule of ordered) {
    const readers = readersOf(rule);
    let isApart = true;
    for (const one of all) {
      const isEqual = readers.size === one.readers.size && isWithin(one.readers, readers);
      isApart = !isEqual;
      if (!isEqual && !(one.readers.size > 0 && isWithin(one.readers, readers))) continue;
      const [isSome, wasSome] = [isForSome(rule.callers), isForSome(one.callers)];
      const isAlike = isSubset(rule.callers, one.callers) && isSubset(one.callers, rule.callers);
      if (isSome && wasSome && !isAlike) {
        isApart = true;
        continue;
      }
      if (isSome === wasSome) isApart = false;
      one.rules.push(rule);
    }
    if (isApart) all.push({ readers, callers: rule.callers, rules: [rule] });
  }
  return all;
}

function isWithin(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  return [...some].every((one) => others.has(one));
}

/** Of those for some of the namespace's pods the first that is for the client, or else the last that is for all (SidecarScope.DestinationRule). */
function picked(all: readonly Joined[], { labels, namespace }: Client): Joined | undefined {
  const ofClient = all.find(
    ({ callers, rules: [rule] }) => isForSome(callers) && rule?.namespace === namespace && isSubset(callers, labels),
  );
  return ofClient ?? all.filter(({ callers }) => !isForSome(callers)).at(-1);
}
