import { isAddress, parseAddress } from "../cluster/dns";
import { httpRequest, type Reading, readingsOf, someId } from "../request/match";
import { type CallRequest, type Layer, statusOf, type VariesBy, type Verdict, hostHeaderOf } from "../request/request";
import { idsToldApart } from "../request/request-id";
import { isClaim, issuerClaim } from "../request/token-claims";
import {
  answering,
  type CallTree,
  causeOf,
  type End,
  endsOf,
  type OutcomeTree,
  reasonsOf,
  sharesOf,
  undefinedChoice,
} from "./call-tree";
import { fingerprint } from "./fingerprint";
import { type Caller, type Mesh, type Sent } from "./mesh";
import { isOutside, outsiderOf, splitCaller } from "./outside";
import { resolve } from "./resolve";

/** A request that cannot be decided because it is not well-formed. The message says which field, and what to write. */
export class RequestError extends Error {
  override readonly name = "RequestError";
}

/**
 * What happens to a call.
 *
 * @throws {RequestError} where a field of the request is missing or malformed.
 */
export function decide(mesh: Mesh, request: CallRequest): Verdict {
  const { serverName, headers = {} } = request;
  if (Object.keys(headers).some(isClaim) && headers[issuerClaim] === undefined) {
    throw new RequestError(`A token has an issuer: write "${issuerClaim}" among the headers, beside its other claims.`);
  }
  const sent = { serverName, ...(request.protocol === "http" && { authority: hostHeaderOf(request) }) };
  const tree = answersTo(callTree(mesh, request.from, request.to, sent), request);
  const ends = endsOf(tree);
  const [first = "refused", ...others] = [...new Set(ends.map(({ outcome }) => outcome))].sort();
  const backends = sharesOf(tree);
  const because = reasonsOf(tree);
  const failed = ends.filter(({ outcome }) => outcome !== "allowed");
  const layers = [...new Set(failed.map(({ layer }): Layer => layer ?? "mesh"))].sort();
  const unmet = unmetFor(mesh, request.from, ends);
  const aside = {
    ...(ends.some(({ subset }) => subset !== undefined) && { subsets: sharesOf(tree, answering) }),
    ...(unmet.length > 0 && { unmetAssumptions: unmet }),
    ...(layers.includes("network") && { stoppedBy: layers }),
  };
  if (others.length === 0) {
    const [status = null, ...more] = new Set(ends.map((one) => statusOf(one, request.protocol)));
    return { outcome: first, status: more.length === 0 ? status : null, backends, because, ...aside };
  }
  return {
    outcome: "varies",
    status: null,
    backends,
    because,
    outcomes: [first, ...others],
    variesBy: causeOf(tree) ?? "endpoint",
    ...aside,
  };
}

/** What does not hold of the pods that have a part in a call: the caller's, and those that may answer. */
function unmetFor(mesh: Mesh, from: string, ends: readonly End[]): readonly string[] {
  const unmet = mesh.unmetAssumptions();
  if (unmet.size === 0) return [];
  const backends = ends.flatMap(({ backend }) => backend ?? []);
  const accounts = [splitCaller(from).who, ...backends.flatMap((service) => mesh.accountsBehind({ service }))];
  return [...new Set(accounts)].flatMap((account) => unmet.get(account)?.map(({ text }) => text) ?? []);
}

/** What a tree comes to for a request; all of it where Envoys of different ages read it differently. */
function answersTo(tree: CallTree, request: CallRequest): OutcomeTree {
  if (request.protocol === "tcp") return resolve(tree, undefined);
  const answers = readingsOf(request).map((reading) => answerTo(tree, request, reading));
  return differing("proxy-version", answers, versionText);
}

const versionText =
  "a header is sent more than once or has characters beyond ASCII: Envoys before 1.36.5 and 1.37.1, as AKS has them, join the values of a header, later ones match each; up to 1.38 a pattern's dot or class is a character, from then on a byte";

/** What it comes to as an Envoy reads it; all of it where that depends on the request id that the first sidecar adds. */
function answerTo(tree: CallTree, request: CallRequest, reading: Reading): OutcomeTree {
  const patterns = new Set<string>();
  const resolveWith = (value: string): OutcomeTree =>
    resolve(tree, httpRequest(request, reading, { value, heldAgainst: (pattern) => patterns.add(pattern) }));
  const some = resolveWith(someId.value);
  // Another id may meet a rule before others, and so leave out patterns, but also come to new ones.
  for (let known = 0, answers = [some]; ;) {
    if (patterns.size === known) return differing("request-id", answers, idText);
    known = patterns.size;
    answers = idsToldApart(patterns).map(resolveWith);
  }
}

const idText = "a condition on x-request-id holds for some of the random ids that the first sidecar adds, not for all";

/** One of several answers, or the one that they all are. */
function differing(by: VariesBy, answers: readonly OutcomeTree[], text: string): OutcomeTree {
  const different = [...new Map(answers.map((one) => [fingerprint(one), one])).values()];
  const [first, ...others] = different;
  if (first !== undefined && others.length === 0) return first;
  return undefinedChoice<OutcomeTree>(by, different, [{ text }]);
}

/**
 * What happens to all the calls from a caller to an address that are sent alike.
 *
 * @param from `namespace/service account`, `outside`, or `outside:` with an IPv4 address or CIDR; each with ` as NAME` for a client
 * certificate, which only TLS can show: then the host called is the server name, where none is said.
 * @param to `host:port`.
 * @throws {RequestError} where `from` or `to` is malformed.
 */
export function callTree(mesh: Mesh, from: string, to: string, sent: Sent): CallTree {
  const { who, principal } = splitCaller(from);
  const caller = callerOf(mesh, who);
  const address = parseAddress(to);
  if (address === undefined) throw new RequestError(`"to" must be "host:port", is ${JSON.stringify(to)}.`);
  if (principal === undefined) return mesh.callTree(caller, address, sent);
  if (principal.trim() === "")
    throw new RequestError(`"from" must name a certificate after "as", is ${JSON.stringify(from)}.`);
  return mesh.callTree(caller, address, { serverName: serverNameOf(address.host), ...definedOf(sent), principal });
}

/** The server name that TLS clients send for a host: none for an address (RFC 6066). */
export function serverNameOf(host: string): string {
  return isAddress(host) ? "" : host;
}

function definedOf({ authority, serverName }: Sent): Sent {
  return { authority, ...(serverName !== undefined && { serverName }) };
}

function callerOf(mesh: Mesh, from: string): Caller {
  if (isOutside(from)) {
    const outsider = outsiderOf(from, mesh.boundary().ranges);
    if (outsider !== undefined) return outsider;
    throw new RequestError(
      `"from" must be "outside", or "outside:" with an IPv4 address or CIDR, is ${JSON.stringify(from)}.`,
    );
  }
  const [namespace = "", serviceAccount = "", ...rest] = from.split("/");
  if (namespace === "" || serviceAccount === "" || rest.length > 0) {
    throw new RequestError(
      `"from" must be "namespace/service-account", or "outside" for callers outside of the mesh, is ${JSON.stringify(from)}.`,
    );
  }
  return { kind: "account", namespace, serviceAccount };
}
