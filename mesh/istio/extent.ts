import { type PathNormalization } from "../request/path-normalization";

/** What "proved" is said of: to be said in the same sentence. */
export function istioExtent(form: PathNormalization): string {
  const paths = form === "NONE" ? "" : `whose path is that of RFC 3986 in its normal form (${form}) and has no query, `;
  return (
    "for every service account of the objects and everybody outside of the mesh as callers, in plain text and by TLS of their own without a client certificate, every " +
    "Service of the cluster under its full name and every host that a ServiceEntry names, from outside also every name that a Gateway serves, and every request between them over TCP and IPv4 " +
    `${paths}that sends no header twice, whose JSON web token, if it sends one, has an issuer and one value in each claim; EnvoyFilters, WasmPlugins, WorkloadEntries, waypoints, ` +
    "of the Gateway API what is not a Gateway of Istio's with HTTPRoutes and GRPCRoutes, and what is above or below the mesh but NetworkPolicies of networking.k8s.io/v1 are not read"
  );
}
