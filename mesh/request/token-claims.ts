/**
 * Claims of a request's JSON web token are looked at as if they were headers, under the names by which Istio's policies call them:
 * `request.auth.claims[iss]`, `request.auth.claims[realm][roles]`. No header can have such a name. A request without any carries no token.
 */
const beginning = "request.auth.claims[";

/** The name under which a claim is looked at. */
export function claimName(...claim: readonly [string, ...string[]]): string {
  return `request.auth.claims${claim.map((one) => `[${one}]`).join("")}`;
}

/** The claim that every token has: who made it. */
export const issuerClaim = claimName("iss");

/** Whether a name is that of a claim, and not of a header. */
export function isClaim(name: string): boolean {
  return name.startsWith(beginning);
}

/** A name as it is compared with others: of headers in lower case, of claims as it is. */
export function comparableName(name: string): string {
  return isClaim(name) ? name : name.toLowerCase();
}
