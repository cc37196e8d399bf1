import { createHash } from "node:crypto";

/** Name of the folder of a cluster's control plane. */
export function controlPlaneFolder(clusterId: string, name: string): string {
  // Short, because Unix sockets lie below it and their paths have about a hundred characters.
  const hash = createHash("sha256").update(clusterId.toLowerCase()).digest("hex").slice(0, 8);
  return `${name.toLowerCase().slice(0, 20)}-${hash}`;
}
