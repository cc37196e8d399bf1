/** What "proved" is said of: to be said in the same sentence. */
export const osmExtent =
  "for every service account of the objects and everybody outside of the mesh as callers, in plain text and by TLS with and without a client certificate of the " +
  "mesh's authority, every Service of the mesh under its full name and every host outside that an Egress names, and every request between them over TCP and IPv4 that sends no " +
  "header twice; who holds a sidecar's own certificate counts as that sidecar, and of policies below the mesh only NetworkPolicies of networking.k8s.io/v1 are read";
