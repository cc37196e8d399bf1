import path from "node:path";
import { ensureOptionalTool } from "../data-plane/build";

/** cert-manager as it was built. */
export interface CertManagerTools {
  /** Absolute path of the program that runs its controllers; it takes `--kubeconfig`. */
  readonly program: string;
  /** Folder of its custom resource definitions. */
  readonly definitions: string;
}

/**
 * Builds cert-manager's controllers unless they are in the cache: those that make certificates by authorities in the
 * cluster, and by Vault or what speaks its API.
 * @param report gets a line when they have to be built, and while that goes on.
 */
export async function ensureCertManager(report: (message: string) => void): Promise<CertManagerTools> {
  const binaries = await ensureOptionalTool(
    {
      name: "cert-manager",
      version: "1.21.2",
      packages: ["."],
      files: [{ module: "github.com/cert-manager/cert-manager", from: ["deploy/crds"], to: "crds" }],
      seconds: 200,
      source: path.join(__dirname, "cert-manager"),
      uses: [],
      title: "cert-manager",
    },
    report,
  );
  return { program: path.join(binaries, "cert-manager"), definitions: path.join(binaries, "..", "crds") };
}
