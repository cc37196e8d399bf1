import { createHash } from "node:crypto";
import { join } from "node:path";

import { openControlPlane } from "../control-plane";
import { type Tools } from "../tools";
import { type ClusterBackend } from "./cluster-backend";

/** Real control planes, one directory each below `directory`. */
export function createControlPlaneBackend(directory: string, tools: Tools): ClusterBackend {
  return {
    open: (clusterId, { name, ...options }) =>
      openControlPlane({ directory: join(directory, controlPlaneFolder(clusterId, name)), tools, ...options }),
  };
}

/** Name of the folder of a cluster's control plane. */
export function controlPlaneFolder(clusterId: string, name: string): string {
  // Short, because Unix sockets lie below it and their paths have about a hundred characters.
  const hash = createHash("sha256").update(clusterId.toLowerCase()).digest("hex").slice(0, 8);
  return `${name.toLowerCase().slice(0, 20)}-${hash}`;
}
