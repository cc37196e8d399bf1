import { claimName } from "../../request/token-claims";

const beginning = "@request.auth.claims";

/**
 * The claim of a token that a match names in the place of a header, `@request.auth.claims.realm.roles` or `@request.auth.claims[realm][roles]`
 * (pkg/jwt/routing.go, ToRoutingClaim).
 *
 * @returns its name as policies have it; undefined for what is a header.
 */
export function routingClaim(header: string): string | undefined {
  if (!header.toLowerCase().startsWith(beginning)) return undefined;
  const name = header.slice(beginning.length);
  const [first, ...others] =
    name.startsWith(".") && name.length > 1
      ? name.slice(1).split(".")
      : /^\[[^]+\]$/.test(name)
        ? name.slice(1, -1).split("][")
        : [];
  return first === undefined ? undefined : claimName(first, ...others);
}
