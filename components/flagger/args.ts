import type * as kubernetes from "@pulumi/kubernetes";
import { type MeshName } from "../../mesh";
import { type Transform } from "../transform";

/** What may be set of Flagger itself. */
export interface FlaggerSettings {
  /**
   * Address of the Prometheus that its looks ask, as pods of the cluster reach it, such as `http://prometheus.monitoring.svc:9090`. It has to answer
   * without a token. Default: that of the stack, where it runs in the cluster.
   */
  prometheus?: string;
  /** In place of its image, by tag or digest. Default: `ghcr.io/fluxcd/flagger:1.36.1`. */
  image?: string;
}

/** Arguments of `Flagger`. */
export interface FlaggerArgs extends FlaggerSettings {
  mesh: MeshName;
  prometheus: string;
  /** Changes to the children. */
  transform?: {
    deployment?: Transform<kubernetes.apps.v1.DeploymentArgs>;
  };
}
