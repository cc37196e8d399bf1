import { type AccountKey } from "../cluster/keys";
import { type Labels } from "../cluster/workloads";
import {
  type AuthorizationPolicy,
  type AuthorizationRule,
  type EnvoyFilter,
  istioKinds,
  type IstioObject,
  type PeerAuthentication,
} from "../istio/kinds";
import { principalOf } from "../istio/authorization/peer";
import { canonicalOrder } from "../istio/names";
import { type Envelope, type Gap, rulesFor, type Side } from "../istio/request-rules";
import { defaultSettings } from "../istio/state/mesh-config";
import { metByShadowRules, shadowRules } from "../istio/shadow-rules";
import { type OsmMesh } from "../osm";
import { chainKind } from "../osm/proxy/outbound";
import { egressOf } from "./egress";
import { grantsOf, type Grant } from "./grants";
import { adviceOf, type Refusal, routingOf, type RoutingOptions } from "./routing";
import { type Selectors, selectorsOf } from "./selectors";
import { outsideRefusals } from "./refusals";
import { serviceRefusals } from "./service-refusals";
import { sidecarsOf } from "./sidecars";

/**
 * What to do about an account of which Istio's policies cannot say everything: let in less, or more, or say it exactly by an EnvoyFilter,
 * which AKS allows and does not support.
 */
export type Choice = Side | "exact";

export interface ConvertOptions extends RoutingOptions {
  /** By the account that is called. */
  readonly choices?: ReadonlyMap<AccountKey, Choice>;
  /** The mesh that tells what pods let in, as {@link withEveryBackend} makes it. Default: the mesh itself. */
  readonly answering?: OsmMesh;
}

/** An account of which something cannot be said exactly, and for which nothing was chosen. */
export interface Open {
  readonly account: AccountKey;
  readonly gaps: readonly Gap[];
}

/** Istio's objects for OSM's, and what is not in them. */
export interface Conversion {
  readonly objects: readonly IstioObject[];
  /** Namespaces of the mesh: each needs the label of a revision. */
  readonly namespaces: readonly string[];
  /** What was translated in a way worth knowing, in sentences. */
  readonly said: readonly string[];
  /** Accounts that nothing is written for before somebody chooses. */
  readonly open: readonly Open[];
  /** Accounts for which somebody chose, with what that changes. */
  readonly chosen: readonly (Open & { readonly choice: Choice })[];
  /** What has no counterpart. */
  readonly refused: readonly Refusal[];
}

/** Where a policy says that it is not exactly what was asked for. */
export const approximationAnnotation = "aks-mesh/approximation";

/** Compiles what passes in a mesh of OSM into objects of Istio. */
export function convertToIstio(mesh: OsmMesh, options: ConvertOptions = {}): Conversion {
  const said: string[] = [];
  const open: Open[] = [];
  const chosen: (Open & { readonly choice: Choice })[] = [];
  const objects: IstioObject[] = [];
  const selectors = selectorsOf(mesh.state.pods);
  const namespaces = namespacesOf(mesh);
  const { grants, unsettled } = grantsOf(options.answering ?? mesh);
  const egress = egressOf(mesh, selectors);
  const refused: Refusal[] = [...outsideRefusals(mesh), ...egress.refused, ...serviceRefusals(mesh, grants)];
  objects.push(
    ...namespaces.flatMap(namespaceDefaults),
    ...(mesh.state.switches.egress ? [] : sidecarsOf(namespaces, grants, egress.hosts)),
    ...egress.objects,
  );
  const servers = new Map<AccountKey, Grant[]>();
  for (const grant of grants) {
    const known = servers.get(grant.server);
    if (known === undefined) servers.set(grant.server, [grant]);
    else known.push(grant);
  }
  for (const [account, ofAccount] of servers) {
    if (refused.some((one) => one.account === account)) continue;
    const doubts = unsettled.filter(({ server }) => server === account);
    if (doubts.length > 0) {
      refused.push(...doubts.map(({ text }) => ({ place: `service account ${account}`, text, account })));
      continue;
    }
    const both = ofAccount.find(({ hosts, port }) => hosts === undefined && speaksHttp(mesh, account, port));
    if (both !== undefined) {
      refused.push({
        place: `service account ${account}`,
        text: `one Service takes its port ${String(both.port)} for TCP and another for HTTP, which Istio does not tell apart where calls come in: give both the same protocol`,
        account,
      });
      continue;
    }
    const choice = options.choices?.get(account);
    const gaps: Gap[] = [];
    const rules = ofAccount.flatMap((grant) => rulesOfGrant(grant, gaps, choice === "exact" ? undefined : choice));
    const distinct = distinctGaps(gaps);
    if (distinct.length > 0) {
      const filters = choice === "exact" ? shadowFilters(account, ofAccount, selectors) : [];
      if (choice === undefined || filters === undefined) {
        open.push({ account, gaps: distinct });
        continue;
      }
      chosen.push({ account, gaps: distinct, choice });
      objects.push(...filters);
    }
    const policies =
      choice === "exact" && distinct.length > 0
        ? policiesOf(account, ofAccount.flatMap(shadowedRules), selectors, undefined, [])
        : policiesOf(account, rules, selectors, choice === "exact" ? undefined : choice, distinct);
    if (policies === undefined) {
      refused.push({
        place: `service account ${account}`,
        text: `no label set selects its pods and no others, and Istio selects by labels: ${adviceOf(account)}`,
        account,
      });
      continue;
    }
    objects.push(...policies);
  }
  const routing = routingOf(mesh, selectors, options);
  objects.push(...routing.objects);
  return {
    objects: canonicalOrder(objects),
    namespaces,
    said: [...said, ...egress.said, ...routing.said],
    open,
    chosen,
    refused: [...refused, ...routing.refused],
  };
}

/** Whether an HTTP port of a Service leads to a port of an account's pods. */
function speaksHttp({ catalog }: OsmMesh, account: AccountKey, port: number): boolean {
  return catalog
    .servicesOfAccount(account)
    .some(({ targetPort, protocol }) => targetPort === port && chainKind(protocol) === "http");
}

function namespacesOf({ state }: OsmMesh): readonly string[] {
  const all =
    state.namespaces.size > 0
      ? [...state.namespaces.keys()]
      : [
          ...[...state.pods, ...state.services.values(), ...state.targets].map(({ namespace }) => namespace),
          // Callers that no object shows.
          ...[...state.targets, ...state.egresses].flatMap(({ sources }) => sources.map(({ namespace }) => namespace)),
        ];
  return [...new Set(all)].filter((namespace) => namespace !== "" && state.isMonitored(namespace)).sort();
}

/** Closed and encrypted, until something opens it. */
export function namespaceDefaults(namespace: string): readonly IstioObject[] {
  const deny: AuthorizationPolicy = {
    apiVersion: istioKinds.AuthorizationPolicy.apiVersion,
    kind: "AuthorizationPolicy",
    metadata: { name: "default-deny", namespace },
    spec: {},
  };
  const strict: PeerAuthentication = {
    apiVersion: istioKinds.PeerAuthentication.apiVersion,
    kind: "PeerAuthentication",
    metadata: { name: "default", namespace },
    spec: { mtls: { mode: "STRICT" } },
  };
  return [deny, strict];
}

export function rulesOfGrant(grant: Grant, gaps: Gap[], side: Side | undefined): readonly AuthorizationRule[] {
  return rulesFor(envelopeOf(grant), grant.parts, gaps, side);
}

/** Identity of a service account: the exact one is the one form that no revision reads as a pattern. */
function exactPrincipal(account: AccountKey): string {
  const [namespace = "", name = ""] = account.split("/");
  return principalOf(defaultSettings.trustDomain, namespace, name);
}

function envelopeOf({ callers, port, hosts }: Grant): Envelope {
  return { principals: callers.map(exactPrincipal), ports: [String(port)], ...(hosts && { hosts }) };
}

/** Filters that hold HTTP requests against OSM's own patterns; undefined where there are none of single routes. */
function shadowFilters(
  account: AccountKey,
  grants: readonly Grant[],
  selectors: Selectors,
): readonly EnvoyFilter[] | undefined {
  const shadowed = grants.flatMap((grant) =>
    grant.parts === undefined ? [] : [{ ...envelopeOf(grant), parts: grant.parts }],
  );
  const filters = (selectors(account) ?? []).map((labels, index) => shadowRules(account, labels, index, shadowed));
  return filters.every((filter) => filter !== undefined) ? filters : undefined;
}

/** What a policy says beside such a filter. */
function shadowedRules(grant: Grant): readonly AuthorizationRule[] {
  const { principals, ...operation } = envelopeOf(grant);
  return [
    {
      from: [{ source: { principals } }],
      to: [{ operation }],
      ...(grant.parts !== undefined && { when: [metByShadowRules] }),
    },
  ];
}

function distinctGaps(gaps: readonly Gap[]): readonly Gap[] {
  const keyOfGap = ({ what, header, pattern, reason }: Gap): string =>
    JSON.stringify([what, header, pattern ?? reason]);
  return [...new Map(gaps.map((gap) => [keyOfGap(gap), gap])).values()];
}

export function policiesOf(
  account: AccountKey,
  rules: readonly AuthorizationRule[],
  selectors: Selectors,
  choice: Side | undefined,
  gaps: readonly Gap[],
): readonly AuthorizationPolicy[] | undefined {
  if (rules.length === 0) return [];
  const [namespace = "", name = ""] = account.split("/");
  const labels = selectors(account);
  if (labels === undefined) return undefined;
  const annotations =
    choice === undefined || gaps.length === 0
      ? {}
      : { annotations: { [approximationAnnotation]: gaps.map((gap) => approximationText(gap, choice)).join("; ") } };
  return labels.map((matchLabels: Labels, index): AuthorizationPolicy => ({
    apiVersion: istioKinds.AuthorizationPolicy.apiVersion,
    kind: "AuthorizationPolicy",
    metadata: {
      name: labels.length === 1 ? `allow-${name}` : `allow-${name}-${String(index + 1)}`,
      namespace,
      ...annotations,
    },
    spec: { selector: { matchLabels }, rules },
  }));
}

/** What was chosen instead of a pattern, in one line. */
export function approximationText(gap: Gap, side: Side): string {
  const near = gap[side];
  const what = `${gap.what === "path" ? "path" : `header ${gap.header ?? ""}`} ${gap.pattern ?? "(several patterns)"}`;
  if (near === undefined) return `${side}: ${what}, nothing of it`;
  const effect = side === "narrower" ? "does not let in" : "also lets in";
  return `${side}: ${what} as ${piecesText(near.pieces)}, ${effect} ${JSON.stringify(near.witness)}`;
}

function piecesText(pieces: NonNullable<Gap["wider"]>["pieces"]): string {
  return pieces
    .map(({ anyOf, noneOf, startsWith }) =>
      [
        anyOf.length === 0 ? "anything" : anyOf.map(valueText).join(" or "),
        ...(startsWith === undefined ? [] : [`that begins with ${startsWith.join(" or ")}`]),
        ...(noneOf.length === 0 ? [] : [`but not ${noneOf.map(valueText).join(", ")}`]),
      ].join(" "),
    )
    .join(", or ");
}

function valueText({ kind, text }: { readonly kind: string; readonly text: string }): string {
  return kind === "prefix" ? `${text}*` : kind === "suffix" ? `*${text}` : text;
}
