import path from "node:path";
import { ensureOptionalTool } from "../../../sandbox/data-plane/build";

/** The release of Helm, as in helm/go.mod. */
export const helmVersion = "4.2.0";

/**
 * Builds Helm unless it is in the cache: the program takes what is installed, and a test wants the real one.
 * @param report gets a line when it has to be built, and while that goes on.
 * @returns folder with the executable `helm` alone.
 */
export function ensureHelm(report: (message: string) => void): Promise<string> {
  return ensureOptionalTool(
    {
      name: "helm",
      version: helmVersion,
      packages: ["helm.sh/helm/v4/cmd/helm"],
      seconds: 110,
      source: path.join(__dirname, "helm"),
      uses: [],
      title: "Helm, for tests of charts",
    },
    report,
  );
}

/**
 * Builds Kustomize unless it is in the cache.
 * @param report gets a line when it has to be built.
 * @returns folder with the executable `kustomize` alone.
 */
export function ensureKustomize(report: (message: string) => void): Promise<string> {
  return ensureOptionalTool(
    {
      name: "kustomize",
      version: "5.8.2",
      packages: ["sigs.k8s.io/kustomize/kustomize/v5"],
      seconds: 30,
      source: path.join(__dirname, "kustomize"),
      uses: [],
      title: "Kustomize, for tests of overlays",
    },
    report,
  );
}
