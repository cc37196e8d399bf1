import ipaddr from "ipaddr.js";
import { type AccountKey, keyOf } from "../../cluster/keys";
import { inRange } from "../../envoy/filter-chains";
import { fullMatch } from "../../regex/pattern";
import { type Lists, type SourceField } from "../state/authorization-policies";
import { type MeshSettings } from "../state/mesh-config";
import { anything, literally, meetsValue } from "./matcher";

/** Who is at the other end of a connection to a sidecar. */
export interface Peer {
  /** Identity in its certificate without `spiffe://`; undefined where it shows none. */
  readonly principal: string | undefined;
  readonly ip: string;
}

/** Identity of a service account. */
export function principalOf(trustDomain: string, namespace: string, serviceAccount: string): string {
  return `${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
}

const exactPrincipal = /^[^*/]+\/ns\/([^*/]+)\/sa\/([^*/]+)$/;

/** The account, `namespace/name`, that an exact principal of any trust domain names; undefined for a pattern, and for what is no identity of an account. */
export function accountOfPrincipal(principal: string): AccountKey | undefined {
  const [, namespace, account] = exactPrincipal.exec(principal) ?? [];
  return namespace === undefined || account === undefined ? undefined : keyOf(namespace, account);
}

/** The account that a policy of a namespace writes as `name`, of its own, or as `namespace/name`. */
export function accountWritten(namespace: string, written: string): AccountKey {
  return written.includes("/") ? written : keyOf(namespace, written);
}

/** Whether an address is, or lies in, what a policy names. */
export function isInBlock(block: string, ip: string): boolean {
  if (block.includes("/")) return inRange(ip, block);
  return ipaddr.isValid(block) && ipaddr.isValid(ip) && ipaddr.parse(block).toString() === ipaddr.parse(ip).toString();
}

/** Fields of a source of which a request's token tells, whoever sends it. */
const tokenFields: ReadonlySet<string> = new Set(["requestPrincipals", "notRequestPrincipals"]);

/** Whether a list of a source asks for a token, which HTTP requests alone have. */
export function isTokenSource(field: string): boolean {
  return tokenFields.has(field);
}

const negations = {
  notPrincipals: "principals",
  notNamespaces: "namespaces",
  notServiceAccounts: "serviceAccounts",
  notTrustDomains: "trustDomains",
  notIpBlocks: "ipBlocks",
  notRemoteIpBlocks: "remoteIpBlocks",
} as const;

/** Fields of a source of which the connection tells. */
type PeerField = Exclude<SourceField, "requestPrincipals" | "notRequestPrincipals">;

function isPeerField(field: string): field is PeerField {
  return !tokenFields.has(field);
}

type Plain = (typeof negations)[keyof typeof negations];

function isNegation(field: PeerField): field is keyof typeof negations {
  return Object.hasOwn(negations, field);
}

/** How to read a policy's names: with the mesh's own, and in the policy's namespace. */
export interface Reading {
  readonly settings: Pick<MeshSettings, "trustDomain" | "trustDomainAliases">;
  readonly namespace: string;
}

/** Tells whether a peer is one that a source names. What it asks of tokens is left to the requests. */
export function sourceTest(source: Lists<SourceField>, reading: Reading): (peer: Peer) => boolean {
  const fields = Object.keys(source).filter(isPeerField);
  const [only] = fields;
  if (fields.length === 1 && only !== undefined) return fieldTest(only, source, reading);
  const tests = fields.map((field) => fieldTest(field, source, reading));
  return (peer) => tests.every((isMet) => isMet(peer));
}

function fieldTest(field: PeerField, source: Lists<SourceField>, reading: Reading): (peer: Peer) => boolean {
  const values = source[field] ?? [];
  if (!isNegation(field)) return anyTest(field, values, reading);
  const isAny = anyTest(negations[field], values, reading);
  return (peer) => !isAny(peer);
}

/** Tells whether a peer meets any value of a list. */
export function anyTest(field: Plain, values: readonly string[], reading: Reading): (peer: Peer) => boolean {
  if (field !== "principals") return (peer) => values.some((value) => isOne(field, value, peer, reading));
  const names =
    values.length === 1
      ? withAliases(values[0] ?? "", reading.settings)
      : values.flatMap((value) => withAliases(value, reading.settings));
  const [only = ""] = names;
  if (names.length === 1 && !only.includes("*")) return ({ principal }) => principal === only;
  const patterns = names.filter((name) => name.includes("*"));
  const exact = new Set(names);
  return ({ principal }) =>
    principal !== undefined && (exact.has(principal) || patterns.some((pattern) => meetsValue(pattern, principal)));
}

/** Whether a peer meets one value of a list. */
function isOne(field: Exclude<Plain, "principals">, value: string, peer: Peer, reading: Reading): boolean {
  const { settings, namespace } = reading;
  const { principal, ip } = peer;
  switch (field) {
    case "namespaces":
      return matchesIdentity(`.*/ns/${value.split("*").map(literally).join(".*")}/.*`, principal);
    case "serviceAccounts": {
      const slash = value.indexOf("/");
      const [space, account] = slash < 0 ? [namespace, value] : [value.slice(0, slash), value.slice(slash + 1)];
      return matchesIdentity(`spiffe://.+/ns/${literally(space)}/(.+/|)sa/${literally(account)}(/.+)?`, principal);
    }
    case "trustDomains":
      return [value, ...(isOwn(value, settings) ? domainsOf(settings) : [])].some((domain) => {
        if (domain === "*") return principal !== undefined;
        const pattern = domain.split("*").map(literally).join("[^/]*");
        return matchesIdentity(`spiffe://${pattern}/${anything}`, principal);
      });
    case "ipBlocks":
    case "remoteIpBlocks":
      return isInBlock(value, ip);
  }
}

function matchesIdentity(pattern: string, principal: string | undefined): boolean {
  return principal !== undefined && fullMatch(pattern, `spiffe://${principal}`);
}

function domainsOf({ trustDomain, trustDomainAliases }: Reading["settings"]): readonly string[] {
  return [trustDomain, ...trustDomainAliases];
}

/** `cluster.local` stands for the mesh's own trust domain, whatever its name (pilot/pkg/security/trustdomain). */
const ownDomain = "cluster.local";

function isOwn(domain: string, settings: Reading["settings"]): boolean {
  return domain === ownDomain || domainsOf(settings).some((own) => meetsValue(domain, own));
}

/** A principal under all the names of the mesh's trust domain, where it is of that. */
function withAliases(principal: string, settings: Reading["settings"]): readonly string[] {
  const { trustDomain, trustDomainAliases } = settings;
  // As nearly all are: of the mesh's only trust domain.
  if (trustDomainAliases.length === 0 && principal.startsWith(`${trustDomain}/`)) return [principal];
  const parts = principal.split("/");
  const [domain = ""] = parts;
  // What is no whole identity has no trust domain that counts.
  if (parts.length !== 5 || domain === "*" || !isOwn(domain, settings)) return [principal];
  const isSuffix = (own: string): boolean => domain.startsWith("*") && own.endsWith(domain.slice(1));
  return domainsOf(settings).map((own) => (isSuffix(own) ? principal : `${own}${principal.slice(domain.length)}`));
}
