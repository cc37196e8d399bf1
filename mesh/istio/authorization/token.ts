import { fullMatch } from "../../regex/pattern";
import { type RequestCondition } from "../../request/request-set";
import { claimName, issuerClaim } from "../../request/token-claims";
import { type TokenRule } from "../state/request-authentications";
import { anyOfPatterns, anyRequest, anything, literally, valuePattern } from "./matcher";
import { type WrittenCondition } from "./rule";

/** What `when` calls `iss` and `sub` of a token, with a slash between. */
export const requestPrincipalKey = "request.auth.principal";
const tokenKeys = "request.auth.";
const subjectClaim = claimName("sub");

/** Keys of `when` for a claim that has a name of its own there. */
const namedClaims: Readonly<Record<string, string>> = {
  "request.auth.audiences": claimName("aud"),
  "request.auth.presenter": claimName("azp"),
};

/** Whether a key of `when` asks for what a token says. */
export function isTokenKey(key: string): boolean {
  return key.startsWith(tokenKeys);
}

/** Matchers of values look for one character at least, and end at line breaks. */
const something = ".+";

function havingClaims(text: string, claims: ReadonlyMap<string, string>): WrittenCondition {
  return { text, ...anyRequest, headers: claims };
}

/** Requests with a token that a workload refuses, and the HTTP status of the answer. */
export interface RefusedTokens {
  readonly condition: WrittenCondition;
  readonly status: 401 | 403;
}

/**
 * Requests that a workload refuses for their tokens, before policies decide: of an issuer whose tokens are not taken, or for audiences
 * that are not (Envoy, jwt_authn/filter.cc). Other reasons why a token may not be valid are not told apart from the first: whoever
 * has no valid token may as well send one of another issuer.
 */
export function refusedTokens(rules: readonly TokenRule[]): readonly RefusedTokens[] {
  const issuers = [...new Set(rules.map(({ issuer }) => issuer))];
  const named = issuers.filter((one) => one !== undefined);
  const known = named.length < issuers.length ? anything : anyOfPatterns(named.map(literally));
  const refused: RefusedTokens[] = [];
  if (known !== anything) {
    const text = `a token that is not of ${named.join(" or ")}`;
    const except = [havingClaims(text, new Map([[issuerClaim, known]]))];
    refused.push({
      condition: { ...havingClaims(text, new Map([[issuerClaim, anything]])), except },
      status: 401,
    });
  }
  if (rules.some(({ audiences }) => audiences.length > 0)) {
    const text = "a token for none of the audiences that are taken";
    refused.push({
      condition: { ...havingClaims(text, new Map([[issuerClaim, known]])), except: rules.map(accepted) },
      status: 403,
    });
  }
  return refused;
}

function accepted({ issuer, audiences }: TokenRule): RequestCondition {
  return {
    ...anyRequest,
    headers: new Map([
      ...(issuer === undefined ? [] : [[issuerClaim, literally(issuer)] as const]),
      ...(audiences.length === 0 ? [] : [[claimName("aud"), anyOfPatterns(audiences.map(audiencePattern))] as const]),
    ]),
  };
}

/** Envoy compares audiences without `http://` or `https://` before and without a slash after them (jwt_verify_lib, check_audience.cc). */
function audiencePattern(audience: string): string {
  return `(?:https?://)?${literally(audience.replace(/^https?:\/\//, "").replace(/\/$/, ""))}/?`;
}

/**
 * The tokens that meet a request principal. Its last slash ends the issuer; of the two parts one may have a star
 * (pilot/pkg/security/authz/model/generator.go, requestPrincipalGenerator).
 *
 * @returns undefined where no issuer that the workload takes is meant.
 */
export function requestPrincipalCondition(value: string, rules: readonly TokenRule[]): WrittenCondition | undefined {
  const { issuer, subject } = principalParts(value);
  const taken = rules.map((rule) => rule.issuer);
  const issuers = taken.includes(undefined)
    ? [issuer]
    : taken.filter((one) => one !== undefined && fullMatch(issuer, one)).map((one) => literally(one ?? ""));
  if (issuers.length === 0) return undefined;
  return havingClaims(
    `{${requestPrincipalKey}: ${value}}`,
    new Map([
      [issuerClaim, anyOfPatterns([...new Set(issuers)])],
      [subjectClaim, subject],
    ]),
  );
}

/** RE2 of the two parts of a request principal. A star before it leaves none for the end of it. */
function principalParts(value: string): { readonly issuer: string; readonly subject: string } {
  const slash = value.lastIndexOf("/");
  const [before, after] = slash < 0 ? [undefined, value] : [value.slice(0, slash), value.slice(slash + 1)];
  if (value === "*") return { issuer: something, subject: something };
  if (value.startsWith("*")) {
    return before === undefined
      ? { issuer: something, subject: valuePattern(value, something) }
      : { issuer: valuePattern(before, something), subject: literally(after) };
  }
  if (before !== undefined) return { issuer: literally(before), subject: valuePattern(after, something) };
  return value.endsWith("*")
    ? { issuer: valuePattern(value, something), subject: something }
    : { issuer: literally(value), subject: "" };
}

/** The tokens with a claim of a key of `when` that has one of some values. */
export function claimCondition(key: string, values: readonly string[]): WrittenCondition {
  const name = namedClaims[key] ?? key;
  return havingClaims(
    `{${key}: ${values.join(", ")}}`,
    new Map([
      [issuerClaim, anything],
      [name, anyOfPatterns(values.map((value) => valuePattern(value, something)))],
    ]),
  );
}
