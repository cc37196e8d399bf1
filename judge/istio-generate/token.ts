import { type Draw } from "../generate/draw";
import { type Mood, type Named } from "../generate/names";
import { drawPlace, type Place } from "./place";

/** A key of RFC 7517 that everybody may know: it signs tokens of requests that are drawn. */
const keys = JSON.stringify({ keys: [{ kty: "oct", alg: "HS256", k: "YS1rZXktdGhhdC1ldmVyeWJvZHktbWF5LWtub3cuLi4" }] });

const issuers = ["i", "https://j.example"] as const;
const subjects = ["s1", "s2", "*"] as const;
const audiences = ["shop", "https://shop.example/", "shop.example"] as const;

/** Request principals, and values of `request.auth.principal`, as policies say them. */
export const principalConditions = [
  "i/s1",
  "i/s2",
  "https://j.example/s1",
  "https://j.example/*",
  "i/*",
  "i/s*",
  "*",
  "*/s1",
  "*1",
  "*/*",
  "*.example/s1",
  "https*",
  "i",
  "x/s1",
] as const;

/** Other conditions on tokens: keys of `when` with their values. */
export const claimConditions = [
  { key: "request.auth.claims[group]", values: ["admin", "*", "a*", "*v"] },
  { key: "request.auth.claims[realm][role]", values: ["admin", "*"] },
  { key: "request.auth.audiences", values: ["shop", "shop*"] },
  { key: "request.auth.presenter", values: ["app", "*"] },
] as const;

/** Whose tokens a workload takes. */
export function drawRequestAuthentication(draw: Draw, mood: Mood, place: Place = drawPlace(draw, mood)) {
  const { namespace, selector } = place;
  return {
    apiVersion: "security.istio.io/v1",
    kind: "RequestAuthentication",
    metadata: { name: draw.pick(["j", "k"]), namespace },
    spec: {
      ...selector,
      jwtRules: draw.list(draw.oneIn(8) ? 0 : 1, 2, () => ({
        issuer: draw.pick(issuers),
        ...(draw.oneIn(4) && { audiences: draw.list(1, 2, () => draw.pick(audiences)) }),
        jwks: keys,
        ...(draw.oneIn(3) && { forwardOriginalToken: draw.oneIn(2) }),
      })),
    },
  };
}

/** A namespace whose pods take tokens, and ask for what they say. */
export function drawTokenDemand(
  draw: Draw,
  mood: Mood,
  namespace: string,
): readonly (Named & Readonly<Record<string, unknown>>)[] {
  const { key, values } = draw.pick<{ readonly key: string; readonly values: readonly [string, ...string[]] }>(
    claimConditions,
  );
  const rule = draw.oneIn(2)
    ? { from: [{ source: { requestPrincipals: [draw.pick(principalConditions)] } }] }
    : { when: [{ key, values: [draw.pick(values)] }] };
  return [
    drawRequestAuthentication(draw, mood, { namespace, selector: {} }),
    {
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: "tokens", namespace },
      spec: { action: draw.pick(["ALLOW", "DENY"]), rules: [rule] },
    },
  ];
}

/** What a caller's token says, under the names of its claims. */
export function drawToken(draw: Draw): Readonly<Record<string, string | readonly string[]>> {
  const claim = (name: string, values: readonly [string, ...string[]]) =>
    draw.oneIn(3)
      ? {}
      : {
          [`request.auth.claims${name}`]: draw.oneIn(5) ? draw.list(2, 2, () => draw.pick(values)) : draw.pick(values),
        };
  return {
    "request.auth.claims[iss]": draw.pick([...issuers, ...issuers, "x"]),
    ...(!draw.oneIn(5) && { "request.auth.claims[sub]": draw.pick(subjects) }),
    ...claim("[aud]", audiences),
    ...claim("[azp]", ["app", "other"]),
    ...claim("[group]", ["admin", "dev", ""]),
    ...claim("[realm][role]", ["admin", "dev"]),
  };
}
