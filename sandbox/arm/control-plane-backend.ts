import { join } from "node:path";

import { openControlPlane } from "../control-plane";
import { type Tools } from "../tools";
import { type ClusterBackend } from "./cluster-backend";
import { controlPlaneFolder } from "./control-plane-folder";

/** Real control planes, one directory each below `directory`. */
export function createControlPlaneBackend(directory: string, tools: Tools): ClusterBackend {
  return {
    open: (clusterId, { name, ...options }) =>
      openControlPlane({ directory: join(directory, controlPlaneFolder(clusterId, name)), tools, ...options }),
  };
}
