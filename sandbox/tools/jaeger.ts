import path from "node:path";
import { ensureOptionalTool } from "../data-plane/build";

const module = "github.com/jaegertracing/jaeger";

/**
 * Builds what takes spans and answers Jaeger's queries about them, unless it is in the cache: Jaeger's own packages, without the stores and
 * exporters that a machine has no use for. The whole of Jaeger takes more than twice as long. Its pages are not in the module.
 *
 * @param report gets a line when it has to be built, and while that goes on.
 * @returns path of the program.
 */
export async function ensureJaeger(report: (message: string) => void): Promise<string> {
  const binaries = await ensureOptionalTool(
    {
      name: "jaeger",
      version: "1.76.0",
      packages: [`${module}/cmd/traces`],
      edits: {
        module,
        folders: ["cmd", "internal", "ports"],
        added: { from: "traces", to: "cmd/traces" },
        edits: [
          // The package of all stores, for the sake of one type with two fields.
          {
            file: "cmd/query/app/flags.go",
            find: `storage "${module}/internal/storage/v1/factory"`,
            replace: `"${module}/internal/storage/v1/api/spanstore"`,
          },
          {
            file: "cmd/query/app/flags.go",
            find: "*storage.ArchiveStorage",
            replace: "*struct { Reader spanstore.Reader; Writer spanstore.Writer }",
          },
        ],
      },
      seconds: 120,
      source: path.join(__dirname, "jaeger"),
      uses: [],
      title: "Jaeger",
    },
    report,
  );
  return path.join(binaries, "traces");
}
