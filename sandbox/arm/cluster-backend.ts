import { type ControlPlane, type ControlPlaneOptions } from "../control-plane/types";

/** What a control plane is made from, besides its place on disk and the tools. */
export interface ClusterSpec extends Omit<ControlPlaneOptions, "directory" | "tools"> {
  /** The cluster's name. */
  readonly name: string;
}

/** Where control planes come from: real ones in the sandbox, placeholders in the emulator's own tests. */
export interface ClusterBackend {
  /**
   * Starts what is not running and adopts what is. Called again for the same cluster after a restart or a failure.
   *
   * @param clusterId the cluster's resource id in lower case.
   */
  open(clusterId: string, spec: ClusterSpec): Promise<ControlPlane>;
}
