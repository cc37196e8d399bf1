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

/** Label of a namespace whose pods the API server holds to the level `restricted` of the Pod Security Standards. */
export const restrictedNamespace = { "pod-security.kubernetes.io/enforce": "restricted" };

/** What the level asks of pods, run by one user. */
export function restrictedAs(user: number) {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: user,
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/** The same of pods that may write to their volumes, run by nobody. */
export const restricted: Omit<PodSpec, "containers"> = {
  securityContext: { ...restrictedAs(nobody), fsGroup: nobody },
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
