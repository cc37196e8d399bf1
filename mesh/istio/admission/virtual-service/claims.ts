import { type VirtualServiceSpec } from "../../kinds";
import { routingClaim } from "../../state/routing-claims";
import { type Refuse } from "../webhook";
import { isForSidecars } from "./gateway-names";

/** Whether a match names a claim of a caller's token in the place of a header. */
export function isClaim(header: string): boolean {
  return routingClaim(header) !== undefined;
}

/** Gateways alone route by claims of tokens. */
export function checkClaims(spec: VirtualServiceSpec, refuse: Refuse): void {
  if (!isForSidecars(spec)) return;
  const { http = [] } = spec;
  http.forEach(({ match = [] }, index) => {
    match.forEach((one, at) => {
      for (const field of ["headers", "withoutHeaders"] as const) {
        for (const name of Object.keys(one[field] ?? {}).filter(isClaim))
          refuse(
            "route-claims",
            `spec.http[${String(index)}].match[${String(at)}].${field}.${name}`,
            "is a claim of a token, and sidecars read the VirtualService",
            "name gateways without mesh, or write an AuthorizationPolicy for who may call",
          );
      }
    });
  });
}
