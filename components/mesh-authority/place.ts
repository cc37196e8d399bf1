/** Where everything of the authority is. The namespace is not in the mesh, whose istiod waits for it. */
export const authorityNamespace = "mesh-authority";

/** Name of cert-manager's Certificate and of its Secret. */
export const authoritySecret = "mesh-authority";
