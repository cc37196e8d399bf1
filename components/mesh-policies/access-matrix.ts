import { type Access, type AccessEntry, conditionText, describeChange, type Rule, hostHeaderFor } from "../../mesh";
import { certain } from "../../mesh/analysis/outcome-sets";
import { type CallTree } from "../../mesh/analysis/call-tree";
import { TooComplexError } from "../../mesh/regex/automaton";
import { exampleRequest, type RequestCondition, requestsMeeting, subtractSets } from "../../mesh/request/request-set";

/**
 * Who may call whom: by caller and service (`caller → service:port`) the requests that pass, each with what answers it. What
 * does not stand here does not pass.
 */
export type AccessMatrix = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What passes of one entry: the routes that let it through, and the Services that answer. */
interface Passing {
  readonly routes: Map<string, Rule>;
  /**
   * Share of the calls that reach each backend, by request; `anything` for backends that take whatever comes. NaN where nothing
   * defines it.
   */
  readonly shares: Map<string, Map<string, number>>;
  /** Whether routes of others, which refuse the caller, may come before those that let it through. */
  contested: boolean;
}

/** The matrix of a relation, in an order of its own. */
export function accessMatrix(relation: Access): AccessMatrix {
  const rows = relation.entries.flatMap((entry): [string, Record<string, string>][] => {
    const answers = answersOf(entry);
    if (answers.length === 0) return [];
    const everybody = entry.callers.length > 1 && entry.callers.length === relation.callers.length;
    const who = everybody ? "everybody" : entry.callers.join(", ");
    const { namespace, name, port, tls } = entry.service;
    const to = namespace === "" ? name : `${namespace}/${name}`;
    const way =
      tls === undefined || namespace === "" ? "" : tls.serverName === "" ? " by TLS" : ` by TLS to ${tls.serverName}`;
    return [[`${who} → ${to}:${String(port)}${way}`, Object.fromEntries(answers)]];
  });
  return Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function answersOf(entry: AccessEntry): readonly (readonly [string, string])[] {
  const anything = entry.service.kind === "tcp" ? "TCP" : "any request";
  const { routes, shares, contested } = passingOf(entry.tree, anything);
  const whatever = shares.get(anything) ?? new Map<string, number>();
  return [...shares]
    .map(([request, own]) => {
      const answering = new Map(own);
      if (request !== anything) for (const [backend, share] of whatever) credit(answering, backend, share);
      const route = routes.get(request) ?? (request === anything && !contested ? anyRequest : undefined);
      const sure = (isWhole(answering) && !contested) || (route !== undefined && alwaysPasses(entry, route));
      return [request, sure ? answerText(entry, answering) : `${answerText(entry, answering)}, may fail`] as const;
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function passingOf(tree: CallTree, anything: string): Passing {
  const passing: Passing = { routes: new Map(), shares: new Map(), contested: false };
  const { routes, shares } = passing;
  const pass = (request: string, backend: string, share: number): void => {
    let known = shares.get(request);
    if (known === undefined) shares.set(request, (known = new Map()));
    credit(known, backend, share);
  };
  const visit = (node: CallTree, share: number, change = ""): void => {
    switch (node.kind) {
      case "http":
      case "normalised":
        return visit(node.tree, share, change);
      case "changed":
        // Its rules are held against another request than the caller's.
        passing.contested = true;
        return visit(node.tree, share, `${change} after the change of ${describeChange(node.change)}`);
      case "choice": {
        const total = node.branches.reduce((sum, { weight }) => sum + weight, 0);
        for (const { weight, tree: child } of node.branches) {
          // Of a choice that nothing defines no number is a share.
          if (weight > 0) visit(child, node.undefined === true ? Number.NaN : (share * weight) / total, change);
        }
        return;
      }
      case "end":
        if (node.outcome === "allowed") pass(`${anything}${change}`, node.backend ?? "", share);
        return;
      case "rules": {
        const onward = new Set<CallTree>();
        for (const rule of node.list.rules) {
          // No request meets a rule without a method.
          if (rule.methods.length === 0) continue;
          const next = node.then(rule);
          if (next.kind !== "end") onward.add(next);
          else if (next.outcome !== "allowed") passing.contested = true;
          else {
            if (change === "") routes.set(conditionText(rule), rule);
            pass(`${conditionText(rule)}${change}`, next.backend ?? "", share);
          }
        }
        if (onward.size > 0) passing.contested = true;
        for (const next of onward) visit(next, share, change);
      }
    }
  };
  visit(tree, 1);
  return passing;
}

const anyRequest: RequestCondition = { methods: ["*"], path: ".*" };

function credit(shares: Map<string, number>, backend: string, share: number): void {
  shares.set(backend, (shares.get(backend) ?? 0) + share);
}

/** Whether shares are all of the calls, but for what floating point loses. */
function isWhole(shares: ReadonlyMap<string, number>): boolean {
  return [...shares.values()].reduce((sum, share) => sum + share, 0) > 0.9995;
}

/** `allowed`, or the Services that answer where it is not the one that was asked. */
function answerText({ service }: AccessEntry, shares: ReadonlyMap<string, number>): string {
  const own = `${service.namespace}/`;
  const texts = [...shares]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([backend, share]) => {
      const name = backend.startsWith(own) ? backend.slice(own.length) : backend;
      return Number.isNaN(share) || share > 0.9995 ? name : `${name} ${String(Math.round(share * 1000) / 10)} %`;
    });
  return texts.length === 1 && texts[0] === service.name ? "allowed" : texts.join(", ");
}

/** Whether every request of the route passes, whichever way the mesh takes: proved, where the shares alone do not tell. */
function alwaysPasses({ service, tree }: AccessEntry, route: RequestCondition): boolean {
  const authority = hostHeaderFor(service);
  try {
    const failing = subtractSets(requestsMeeting(route, authority), certain(tree, "allowed", authority));
    return exampleRequest(failing) === undefined;
  } catch (error) {
    if (error instanceof TooComplexError) return false;
    throw error;
  }
}
