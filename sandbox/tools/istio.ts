import path from "node:path";
import { ensureOptionalTool } from "../data-plane/build";

/** Programs of Istio: its control plane, the charts that install it, and what runs beside Envoy in every pod. */
export type IstioProgram = "pilot-discovery" | "istio-manifests" | "pilot-agent";

/** Istio as it was built. */
export interface IstioTools {
  /** Absolute path of a program. */
  path(name: IstioProgram): string;
  /** Absolute path of the template from which the agent makes Envoy's bootstrap configuration. */
  readonly bootstrapTemplate: string;
}

/**
 * Builds Istio unless it is in the cache: only clusters with the Istio add-on need it, and it takes as long as Kubernetes.
 * @param report gets a line when it has to be built, and while that goes on.
 */
export async function ensureIstio(report: (message: string) => void): Promise<IstioTools> {
  const binaries = await ensureOptionalTool(
    {
      name: "istio",
      version: "1.31",
      packages: [".", "istio.io/istio/pilot/cmd/pilot-agent"],
      links: ["pilot-discovery", "istio-manifests"],
      files: [{ module: "istio.io/istio", from: ["tools/packaging/common/envoy_bootstrap.json"], to: "envoy" }],
      seconds: 260,
      source: path.join(__dirname, "istio"),
      uses: [],
      title: "Istio",
    },
    report,
  );
  return {
    path: (name) => path.join(binaries, name),
    bootstrapTemplate: path.join(binaries, "..", "envoy", "envoy_bootstrap.json"),
  };
}
