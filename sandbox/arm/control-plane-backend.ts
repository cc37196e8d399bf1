import { createHash } from "node:crypto";
import { join } from "node:path";

import { openControlPlane } from "../control-plane";
import { type Tools } from "../tools";
import { type ClusterBackend } from "./cluster-backend";

/** Real control planes, one directory each below `directory`. */
export function createControlPlaneBackend(directory: string, tools: Tools): ClusterBackend {
  return {
    open: (clusterId, spec) => {
      const { name, ...options } = spec;
      // Short, because Unix sockets lie below it and their paths have about a hundred characters.
      const folder = `${name.toLowerCase().slice(0, 20)}-${createHash("sha256").update(clusterId).digest("hex").slice(0, 8)}`;
      return openControlPlane({ directory: join(directory, folder), tools, ...options });
    },
  };
}
