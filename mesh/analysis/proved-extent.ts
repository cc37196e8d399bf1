/** What "proved" is said of, and who is not among it: to be said in the same sentence. */
export const provedExtent =
  "for every service account of the objects as caller, every Service of the mesh under its full name, and every request between " +
  "them; callers outside of the mesh and hosts outside of it are not among it";
