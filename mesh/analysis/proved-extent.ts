/** What "proved" is said of, and who is not among it: to be said in the same sentence. */
export const provedExtent =
  "for every service account of the objects and everybody outside of the mesh who sends plain text as callers, every Service of the " +
  "mesh under its full name and every host outside that an Egress names, and every request between them that sends no header twice; callers outside that " +
  "speak TLS are not among it, and of policies below the mesh only NetworkPolicies of networking.k8s.io/v1 are read";
