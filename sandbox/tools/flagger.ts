import path from "node:path";
import { ensureOptionalTool } from "../data-plane/build";

/**
 * Builds Flagger's controller unless it is in the cache. It listens on loopback in place of all interfaces; all else is upstream's.
 *
 * @param report gets a line when it has to be built, and while that goes on.
 * @returns its path; it takes `--kubeconfig`.
 */
export async function ensureFlagger(report: (message: string) => void): Promise<string> {
  const binaries = await ensureOptionalTool(
    {
      name: "flagger",
      version: "1.36.1",
      packages: ["github.com/fluxcd/flagger/cmd/flagger"],
      files: [{ module: "github.com/fluxcd/flagger", from: ["artifacts/flagger/crd.yaml"], to: "crds" }],
      edits: {
        module: "github.com/fluxcd/flagger",
        folders: ["cmd", "pkg"],
        edits: [
          {
            file: "pkg/server/server.go",
            find: 'Addr:         ":" + port',
            replace: 'Addr:         "127.0.0.1:" + port',
          },
        ],
      },
      seconds: 160,
      source: path.join(__dirname, "flagger"),
      uses: [],
      title: "Flagger",
    },
    report,
  );
  return path.join(binaries, "flagger");
}
