import { createHash } from "node:crypto";
import type * as kubernetes from "@pulumi/kubernetes";

type PodSpec = kubernetes.types.input.core.v1.PodSpec;
type Container = kubernetes.types.input.core.v1.Container;

/** A user that owns nothing, which images of Prometheus have and others run as. */
const nobody = 65_534;

/** Labels of a pod, and a mark of the configuration that it reads at its start: another configuration is another pod. */
export function podMetadata(app: string, config: Readonly<Record<string, string>>) {
  const mark = createHash("sha256").update(JSON.stringify(config)).digest("hex").slice(0, 16);
  return { labels: { app }, annotations: { "aks-mesh/configuration": mark } };
}

/** What a namespace's level `restricted` asks of pods. */
export const restricted: Omit<PodSpec, "containers"> = {
  securityContext: {
    runAsNonRoot: true,
    runAsUser: nobody,
    runAsGroup: nobody,
    fsGroup: nobody,
    seccompProfile: { type: "RuntimeDefault" },
  },
};

/** What the level asks of containers. */
export function restrictedContainer(name: string, image: string): Container {
  return {
    ...{ name, image },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
  };
}
