import path from "node:path";
import { ensureOptionalTool } from "../data-plane/build";
import { kedaModule, kedaVersion } from "./keda-module";

/** Programs of KEDA. */
export interface KedaTools {
  /** Absolute path of what makes horizontal pod autoscalers of ScaledObjects, and asks their sources. */
  readonly operator: string;
  /** Absolute path of what serves external metrics to Kubernetes, with what the operator got. */
  readonly adapter: string;
}

/**
 * Builds KEDA's programs unless they are in the cache. Of the kinds of sources that upstream's know they know the one that is used here, Prometheus: the clients of
 * all others are a quarter of the packages. They listen on loopback in place of all interfaces; all else is upstream's.
 *
 * @param report gets a line when they have to be built, and while that goes on.
 */
export async function ensureKeda(report: (message: string) => void): Promise<KedaTools> {
  const binaries = await ensureOptionalTool(
    {
      name: "keda-programs",
      version: kedaVersion,
      packages: [`${kedaModule}/cmd/operator`, `${kedaModule}/cmd/adapter`],
      edits: {
        module: kedaModule,
        folders: ["apis", "cmd", "controllers", "pkg", "version"],
        // A constant that all share is in the one of Azure's queues.
        onlyFiles: { "pkg/scalers": ["scaler.go", "prometheus_scaler.go", "azure_queue_scaler.go"] },
        edits: [
          {
            file: "pkg/scaling/scalers_builder.go",
            find: "switch triggerType {",
            until: "\tdefault:",
            replace: 'switch triggerType {\n\tcase "prometheus":\n\t\treturn scalers.NewPrometheusScaler(config)\n',
          },
          {
            file: "cmd/adapter/main.go",
            find: 'fmt.Sprintf(":%v", metricsAPIServerPort)',
            replace: 'fmt.Sprintf("127.0.0.1:%v", metricsAPIServerPort)',
          },
        ],
      },
      seconds: 180,
      source: path.join(__dirname, "keda"),
      uses: [],
      title: "KEDA",
    },
    report,
  );
  return { operator: path.join(binaries, "operator"), adapter: path.join(binaries, "adapter") };
}
