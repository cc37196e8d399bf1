/** Fields of a workload that the analysis does not read: an image that is not known yet must not hide who runs it. */
export const unreadFields: ReadonlySet<string> = new Set([
  "image",
  "env",
  "envFrom",
  "initContainers",
  "volumes",
  "volumeMounts",
]);
